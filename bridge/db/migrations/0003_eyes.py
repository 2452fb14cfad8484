from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0002_rules")]

    initial = False

    operations = [
        ops.AddField(
            model_name="StoreRow",
            name="asked",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="baseline_left",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="baseline_total",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="baseline_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="rest_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="rewound",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="settled",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="storage",
            field=fields.CharField(default="", db_default="", max_length=8),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="version",
            field=fields.CharField(default="", db_default="", max_length=32),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="webhook_secret",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
        ops.AddField(
            model_name="OrderRow",
            name="changed",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex("OrderRow", Index(fields=["store_id", "moved"])),
        ops.AddIndex("OrderRow", Index(fields=["store_id", "changed"])),
        ops.AddIndex("EventRow", Index(fields=["at"])),
        ops.RunSQL("UPDATE orders SET watched = TRUE WHERE problem <> '' OR attention <> ''", reverse_sql=""),
    ]
