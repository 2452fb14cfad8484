from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0008_pauses")]

    initial = False

    operations = [
        ops.AddField(
            model_name="StoreRow",
            name="went_live",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
