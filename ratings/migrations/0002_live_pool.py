from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("ratings", "Pool").objects.get_or_create(
        slug="live", defaults={"name": "This arena", "kind": "live"}
    )
    apps.get_model("ratings", "Category").objects.get_or_create(slug="overall", defaults={"name": "Overall"})


class Migration(migrations.Migration):
    dependencies = [("ratings", "0001_initial")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
