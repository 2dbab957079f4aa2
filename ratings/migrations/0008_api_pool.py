from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("ratings", "Pool").objects.get_or_create(
        slug="api", defaults={"name": "Votes by API key", "kind": "api"}
    )


class Migration(migrations.Migration):
    dependencies = [("ratings", "0007_reference_pools")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
