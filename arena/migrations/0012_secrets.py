"""The key of keyed hashes, made here and nowhere else: what is made within a request could be rolled back with it."""

import secrets

from django.db import migrations, models


def make(apps, schema_editor):
    apps.get_model("arena", "HashKey").objects.create(key=secrets.token_bytes(32))


class Migration(migrations.Migration):
    dependencies = [("arena", "0011_api_key_words")]

    operations = [
        migrations.CreateModel(
            name="HashKey",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("key", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="hash_key_once")],
            },
        ),
        migrations.RunPython(make, migrations.RunPython.noop, elidable=False),
    ]
