from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0010_alerts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="StoreRow",
            name="refused_settings",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
    ]
