from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0003_eyes")]

    initial = False

    operations = [
        ops.AddField(
            model_name="StoreRow",
            name="restored",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
