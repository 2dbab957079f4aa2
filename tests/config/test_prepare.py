"""The preparation of the database before the service starts."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config import prepare


def row_counts() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


@pytest.mark.django_db
def test_database_of_arena_0_1_is_refused_with_one_line_and_stays_as_it_was():
    recorder = MigrationRecorder(connection)
    recorder.record_applied("catalog", "0002_price")
    recorder.record_unapplied("arena", "0002_vote_trigger_and_hash_key")
    before = (recorder.applied_migrations().keys(), row_counts())

    with pytest.raises(SystemExit) as end:
        prepare.main([])

    assert end.value.code == (
        "the database was created by Arena 0.1 and cannot be upgraded; nothing was changed. "
        "In 0.1, export each pool: export_votes live.jsonl --pool live --with-text. "
        "Then start this version with a new data folder or database and import each file: "
        "import_votes live.jsonl --pool live --with-text"
    )
    assert (recorder.applied_migrations().keys(), row_counts()) == before
