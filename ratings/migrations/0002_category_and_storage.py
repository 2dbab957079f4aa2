"""Create the category that every arena has, and set how the arrays of pair tables are stored."""

from django.db import migrations

# The arrays cannot be compressed, and trying to compress them takes longer than writing them.
STORE_UNCOMPRESSED = "ALTER TABLE ratings_pairtable ALTER COLUMN arrays SET STORAGE EXTERNAL"


def create_category(apps, schema_editor):
    """Create the category of all votes."""
    apps.get_model("ratings", "Category").objects.create(slug="overall", name="Overall")


class Migration(migrations.Migration):
    dependencies = [("ratings", "0001_initial")]

    operations = [
        migrations.RunSQL(STORE_UNCOMPRESSED, migrations.RunSQL.noop),
        migrations.RunPython(create_category, migrations.RunPython.noop),
    ]
