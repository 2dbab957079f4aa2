"""The preparation of the database before the service starts."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.recorder import MigrationRecorder

import manage
from config import prepare
from launcher.embedded import PROJECT_ROOT
from tests.races import database_url


def row_counts() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


# The first and the last of their own migrations.
MIGRATIONS_OF_0_1 = (("catalog", "0001_initial"), ("catalog", "0002_price"))
MIGRATIONS_OF_0_2 = (("core", "0001_initial"), ("ratings", "0002_pools_and_storage"))
TOO_OLD = (
    "the database was created by Arena 0.2 or earlier and cannot be upgraded; nothing was changed. Export its votes "
    "with that version, and import them into a new data folder or database (docs/how-to/back-up-and-upgrade.md)"
)
NEWER = (
    "a newer version of Arena has upgraded the database (migration judges.0001_initial); nothing was changed. "
    "Start that version again, or restore the backup from before the upgrade"
)
OLDER = (
    "the database has the tables of an older version of Arena; nothing was changed. "
    "Back it up, and start the service once, which upgrades it"
)
EMPTY = "the database has no tables yet; start the service once, which creates them"


@pytest.fixture
def migrations(db):
    """The list of applied migrations."""
    return MigrationRecorder(connection).migration_qs.order_by("pk")


def replace_all(migrations, names):
    migrations.filter(app__in=prepare.ARENA_APPS).delete()
    for app, name in names:
        migrations.create(app=app, name=name)


def add_unknown(migrations):
    migrations.create(app="judges", name="0001_initial")


def remove_newest(migrations):
    migrations.filter(app="catalog").last().delete()


CHANGES = {
    "0.1": (lambda migrations: replace_all(migrations, MIGRATIONS_OF_0_1), TOO_OLD, TOO_OLD),
    "0.2": (lambda migrations: replace_all(migrations, MIGRATIONS_OF_0_2), TOO_OLD, TOO_OLD),
    "newer": (add_unknown, NEWER, NEWER),
    "older": (remove_newest, OLDER, None),
    "empty": (lambda migrations: replace_all(migrations, []), EMPTY, None),
    "this version": (lambda migrations: None, None, None),
}


@pytest.mark.parametrize(("change", "command_says", "start_says"), CHANGES.values(), ids=CHANGES)
def test_tables_of_other_versions_are_explained(migrations, change, command_says, start_says):
    change(migrations)

    assert prepare.explain_tables(can_upgrade=False) == command_says
    assert prepare.explain_tables(can_upgrade=True) == start_says


@pytest.fixture(params=["0.1", "0.2", "newer"])
def other_version(request, migrations):
    """Tables that this version cannot use. The test must leave the rows of all tables as they are."""
    change, says, _ = CHANGES[request.param]
    change(migrations)
    before = (list(migrations.values_list()), row_counts())
    yield says
    assert (list(migrations.values_list()), row_counts()) == before


def test_start_on_tables_of_another_version_ends_with_one_line_and_changes_nothing(other_version):
    with pytest.raises(SystemExit) as end:
        prepare.main([])
    assert end.value.code == other_version


@pytest.fixture
def run(monkeypatch):
    """Return a function that returns the command lines that reach Django. Django would close the connection."""
    reached = []
    monkeypatch.setattr(manage, "execute_from_command_line", reached.append)

    def run_main(*arguments):
        monkeypatch.setattr(sys, "argv", ["manage.py", *arguments])
        manage.main()
        return reached

    return run_main


@pytest.mark.parametrize("command", ["create_api_key", "import_benchmarks", "recompute_ratings", "createsuperuser"])
def test_command_on_tables_of_another_version_ends_with_one_line_and_changes_nothing(other_version, command, run):
    with pytest.raises(SystemExit) as end:
        run(command, "name")
    assert end.value.code == f"arena: {other_version}"


@pytest.mark.parametrize("arguments", [("import_votes", "--help"), ("import_votes", "-h"), ("collectstatic",), ()])
def test_command_that_uses_no_tables_runs_on_those_of_another_version(other_version, arguments, run):
    assert run(*arguments) == [["manage.py", *arguments]]


def test_command_runs_on_tables_of_this_version(migrations, run):
    assert run("verify_ratings") == [["manage.py", "verify_ratings"]]


def test_migrate_on_tables_of_0_2_ends_with_an_error_and_changes_nothing(migrations):
    replace_all(migrations, (*MIGRATIONS_OF_0_2, ("catalog", "0001_initial")))
    before = (list(migrations.values_list()), row_counts())
    with pytest.raises(InconsistentMigrationHistory):
        call_command("migrate", interactive=False, verbosity=0)
    assert (list(migrations.values_list()), row_counts()) == before


@pytest.fixture
def empty_database(db):
    url = database_url()
    name = "two_at_once"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield url.replace(connection.settings_dict["NAME"], name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run_command(database, *command):
    environment = {**os.environ, "DATABASE_URL": database}
    return subprocess.run(
        [sys.executable, "manage.py", *command], env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True
    )


@pytest.mark.slow
def test_command_on_an_empty_database_ends_with_one_line(empty_database):
    result = run_command(empty_database, "check_models")

    assert (result.returncode, result.stderr) == (
        1,
        f"arena: {EMPTY}\n",
    )


@pytest.mark.django_db
def test_error_of_the_database_ends_the_start_with_one_line():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_license RENAME COLUMN name TO title")
    with pytest.raises(SystemExit) as end:
        prepare.main([])

    assert end.value.code == "column catalog_license.name does not exist"


@pytest.mark.slow
def test_two_processes_may_prepare_an_empty_database_at_once(empty_database):
    environment = {**os.environ, "DATABASE_URL": empty_database}
    command = [sys.executable, "-m", "config.prepare"]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]

    errors = [process.communicate(timeout=120)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], errors
