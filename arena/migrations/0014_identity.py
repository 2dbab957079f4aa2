from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import arena.models


def repeated_as_typed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("arena", "Battle").objects.filter(prompt_source="repeated").update(prompt_source="typed")


class Migration(migrations.Migration):
    dependencies = [("arena", "0013_breaker")]

    operations = [
        migrations.RunPython(repeated_as_typed, migrations.RunPython.noop),
        migrations.RemoveField("battle", "language"),
        migrations.AlterField(
            "battle",
            "prompt_source",
            models.CharField(
                choices=[("typed", "Typed"), ("suggestion", "Suggestion")], default="typed", max_length=10
            ),
        ),
        migrations.AddField(
            "battle",
            "conversation_limit",
            models.PositiveIntegerField(
                default=arena.models.conversation_limit,
                help_text="the longest conversation of a side, in characters or half bytes",
            ),
        ),
        migrations.AddField(
            "battle",
            "one_sided",
            models.CharField(
                blank=True,
                default="",
                help_text="the side that failed alone by a question, before it was asked again",
                max_length=1,
            ),
            preserve_default=False,
        ),
    ]
