from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0007_leases")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PauseRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("store", fields.CharField(max_length=64)),
                ("order_id", fields.BigIntField()),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("why", fields.TextField(unique=False)),
            ],
            options={
                "table": "pauses",
                "app": "bridge",
                "unique_together": (("store", "order_id"),),
                "pk_attr": "id",
                "table_description": "What a person has stopped: no call begins on it until a person lets it go on.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="StoreRow",
            name="reread_from",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="relook_below",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="relook_since",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
