"""The preparation of the database before the service starts."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from config import prepare
from launcher.embedded import PROJECT_ROOT
from tests.ratings.concurrency import database_url


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


@pytest.fixture
def empty_database(db):
    url = database_url()
    name = "two_at_once"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield url.replace(connection.settings_dict["NAME"], name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(database, *command):
    environment = {**os.environ, "DATABASE_URL": database}
    return subprocess.run(
        [sys.executable, "manage.py", *command], env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True
    )


@pytest.mark.slow
def test_command_on_an_empty_database_ends_with_one_line(empty_database):
    result = manage(empty_database, "check_models")

    assert (result.returncode, result.stderr) == (
        1,
        "arena: the database has no tables yet; start the service once, which creates them\n",
    )


@pytest.mark.django_db
def test_tables_of_another_version_are_explained_and_other_errors_are_not():
    explained = []
    for statement in ("SELECT gone FROM arena_vote", "SELECT FROM gone", "SELECT +"):
        with pytest.raises(ProgrammingError) as failure, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        explained.append(prepare.explain_tables(failure.value))

    assert explained == [prepare.OTHER_TABLES_MESSAGE, prepare.NO_TABLES_MESSAGE, None]


@pytest.mark.django_db
def test_tables_of_another_version_end_the_start_with_one_line():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_license RENAME COLUMN name TO title")
    with pytest.raises(SystemExit) as end:
        prepare.main([])

    assert str(end.value.code).startswith("the database was created by another version of Arena, whose tables differ.")


@pytest.mark.slow
def test_two_processes_may_prepare_an_empty_database_at_once(empty_database):
    environment = {**os.environ, "DATABASE_URL": empty_database}
    command = [sys.executable, "-m", "config.prepare"]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]

    errors = [process.communicate(timeout=120)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], errors
