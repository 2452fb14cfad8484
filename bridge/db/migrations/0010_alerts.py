from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0009_went_live")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AlertRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("topic", fields.CharField(max_length=16)),
                ("store", fields.CharField(max_length=64)),
                ("text", fields.TextField(unique=False)),
                ("orders", fields.TextField(default="[]", unique=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("email", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("command", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "alerts",
                "app": "bridge",
                "pk_attr": "id",
                "table_description": "An alert that is to be told, or was.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ChannelRow",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ("used", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("next_try", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failures", fields.IntField(default=0)),
                ("since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("problem", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "channels",
                "app": "bridge",
                "pk_attr": "name",
                "table_description": "A way by which alerts go out, and how it stands.",
            },
            bases=["Model"],
        ),
    ]
