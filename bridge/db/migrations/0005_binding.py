from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0004_restored")]

    initial = False

    operations = [
        ops.CreateModel(
            name="OutageRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "store",
                    fields.ForeignKeyField(
                        "bridge.StoreRow",
                        source_field="store_id",
                        db_constraint=True,
                        to_field="name",
                        related_name="outages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("remote", fields.CharField(max_length=32)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("tries", fields.IntField()),
                ("next_try", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("why", fields.TextField(unique=False)),
                ("paused", fields.BooleanField()),
                ("calls", fields.BooleanField()),
                ("alerted", fields.BooleanField()),
            ],
            options={
                "table": "outages",
                "app": "bridge",
                "unique_together": (("store", "remote"),),
                "pk_attr": "id",
                "table_description": "A remote that gives the orders of a store no answer.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="NoteRow",
            name="about",
            field=fields.CharField(default="", db_default="", max_length=32),
        ),
        ops.AddField(
            model_name="OrderRow",
            name="insisted",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="binding",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="unbound",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
    ]
