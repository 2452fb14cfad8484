from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("bridge", "0005_binding")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BrakeRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "store",
                    fields.ForeignKeyField(
                        "bridge.StoreRow",
                        source_field="store_id",
                        db_constraint=True,
                        to_field="name",
                        related_name="brakes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=16)),
                ("counted_from", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("told", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "brakes",
                "app": "bridge",
                "unique_together": (("store", "kind"),),
                "pk_attr": "id",
                "table_description": "The surge guard of one kind of action of a store. Whoever counts decisions of the kind locks it first.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FirstRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "store",
                    fields.ForeignKeyField(
                        "bridge.StoreRow",
                        source_field="store_id",
                        db_constraint=True,
                        to_field="name",
                        related_name="firsts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("account", fields.CharField(max_length=64)),
                ("call", fields.CharField(max_length=8)),
                ("action", fields.BigIntField(null=True)),
                ("proven", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("differed", fields.TextField(default="", unique=False)),
                ("told", fields.BooleanField(default=False)),
            ],
            options={
                "table": "firsts",
                "app": "bridge",
                "unique_together": (("store", "account", "call"),),
                "pk_attr": "id",
                "table_description": "The first call of a kind that a store ever makes at a provider: no other until its effect was compared.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ActionRow",
            name="admitted",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="ActionRow",
            index=Index(fields=["admitted"]),
        ),
        ops.AddIndex(
            model_name="ActionRow",
            index=Index(fields=["updated"]),
        ),
        ops.AddIndex(
            model_name="NoteRow",
            index=Index(fields=["created"]),
        ),
        ops.AddField(
            model_name="OrderRow",
            name="followed",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="OrderRow",
            index=Index(fields=["store_id", "followed"]),
        ),
        ops.RenameField(
            model_name="StoreRow",
            old_name="rewound",
            new_name="held_why",
        ),
        ops.AddField(
            model_name="StoreRow",
            name="alone_since",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="held",
            field=fields.CharField(default="", db_default="", max_length=8),
        ),
        ops.AddField(
            model_name="StoreRow",
            name="held_told",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.RunSQL("UPDATE stores SET held = 'rewound', held_told = TRUE WHERE held_why <> ''", ""),
    ]
