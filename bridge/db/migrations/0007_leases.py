from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0006_bounds")]

    initial = False

    operations = [
        ops.CreateModel(
            name="LeaseRow",
            fields=[
                ("store", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("token", fields.CharField(max_length=32)),
                ("host", fields.TextField(unique=False)),
                ("pid", fields.IntField()),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("wanted", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "leases",
                "app": "bridge",
                "pk_attr": "store",
                "table_description": "Who works on a store, on a database that several daemons share. All moments are the server's.",
            },
            bases=["Model"],
        ),
    ]
