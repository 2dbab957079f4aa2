"""Boards are fitted anew, for ranks, intervals and the tables of pairs are made by another rule from now on."""

from django.db import migrations

BEHIND = """
UPDATE ratings_board SET behind = true FROM ratings_pool
WHERE ratings_pool.id = pool_id AND kind <> 'reference' AND NOT style_control"""


class Migration(migrations.Migration):
    dependencies = [("ratings", "0008_api_pool")]
    operations = [
        migrations.RunSQL(BEHIND, migrations.RunSQL.noop),
        # Their covariances say nothing of how few voters there were, and tables of errors cannot be made of them.
        migrations.RunSQL("DELETE FROM ratings_pairtable", migrations.RunSQL.noop),
    ]
