"""Create the pools and the category that every arena has, and set how the arrays of pair tables are stored."""

from django.db import migrations

# The arrays cannot be compressed, and trying to compress them takes longer than writing them.
STORE_UNCOMPRESSED = "ALTER TABLE ratings_pairtable ALTER COLUMN arrays SET STORAGE EXTERNAL"


def create_pools(apps, schema_editor):
    """Create the pool of this arena's votes, the pool of votes by API key, and the category of all votes."""
    pools = apps.get_model("ratings", "Pool").objects
    pools.create(slug="live", name="This arena", kind="live")
    pools.create(slug="api", name="This arena (API votes only)", kind="api")
    apps.get_model("ratings", "Category").objects.create(slug="overall", name="Overall")


class Migration(migrations.Migration):
    dependencies = [("ratings", "0001_initial")]

    operations = [
        migrations.RunSQL(STORE_UNCOMPRESSED, migrations.RunSQL.noop),
        migrations.RunPython(create_pools, migrations.RunPython.noop),
    ]

