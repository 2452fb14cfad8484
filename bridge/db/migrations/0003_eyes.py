from tortoise import fields, migrations
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
    ]
