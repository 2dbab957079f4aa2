"""Databases of earlier versions are upgraded: nothing is lost, and accounts, keys, and boards work.

`tests.system.filled_database` makes one database per version.
"""

import json
import lzma
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from config.settings import VERSION
from tests.races import database_url
from tests.system import filled_database
from tests.system.filled_database import ACCOUNT, COMMAND, DATABASES, EMPTY_TABLES, POSTGRES_PROGRAMS
from tests.system.person import Person
from tests.system.service import ROOT, Service, running

SUFFIX = ".sql.xz"
VERSIONS = sorted(path.name.removesuffix(SUFFIX) for path in DATABASES.glob(f"*{SUFFIX}"))
CHANGED = (
    "a migration was changed after the database of Arena {} was made; change the tables in a new migration"
    f", or, if that version is not released, make the database again with `{COMMAND}`"
)
# Results that Arena computes again, so a migration may delete them.
DERIVED_TABLES = {
    "arena_pairweight", "arena_standing", "ratings_boardcertificate", "ratings_pairtable", "ratings_poolfigures",
    "ratings_refreshlease", "ratings_snapshot", "ratings_tally",
}  # fmt: skip
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
USE = """
from django.core.management import call_command
from tests.system.filled_database import export_votes
export_votes("{folder}")
call_command("recompute_ratings", "--from-scratch")
call_command("verify_ratings")
"""
# Everything that migrations create, one line each. PostgreSQL writes casts in another way after a dump was loaded.
CASTS = re.compile(r"[()]|::(character varying|text)(\[\])?")
SCHEMA = """
SELECT format('column %s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
    pg_get_expr(adbin, adrelid))
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
"""


@dataclass
class Upgraded:
    """A database after the upgrade.

    expected: what its version wrote beside the dump
    """

    version: str
    url: str
    expected: dict[str, Any]
    rows_before: dict[str, int]
    rows: dict[str, int]


@dataclass
class Commands:
    """What commands do with the upgraded database: `folder` has an export of each pool."""

    folder: Path
    output: str


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def manage(url: str, *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def load_dump(url: str, path: Path) -> None:
    command = [str(POSTGRES_PROGRAMS / "psql"), "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url]
    done = subprocess.run(command, input=lzma.decompress(path.read_bytes()), capture_output=True)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url) as connection:
        connection.execute("ANALYZE")  # as autovacuum would, a minute later


def count_rows(url: str) -> dict[str, int]:
    counts = (f"SELECT '{name}', count(*) FROM {name}" for [name] in query(url, TABLES))  # noqa: S608  # our tables
    return dict(query(url, " UNION ALL ".join(counts)))


@pytest.fixture(scope="module", params=VERSIONS)
def upgraded(request: pytest.FixtureRequest) -> Iterator[Upgraded]:
    server_url = os.environ["DATABASE_URL"]
    name = f"upgraded_{os.getpid()}"
    url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            load_dump(url, DATABASES / f"{request.param}{SUFFIX}")
            expected = json.loads((DATABASES / f"{request.param}.json").read_text())
            before = count_rows(url)
            manage(url, "migrate", "--no-input")
            yield Upgraded(request.param, url, expected, before, count_rows(url))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def commands(upgraded: Upgraded, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Export all votes, compute all boards again, and verify them, in one process because each starts slowly."""
    folder = tmp_path_factory.mktemp("upgraded")
    return Commands(folder, manage(upgraded.url, "shell", "--command", USE.format(folder=folder)))


def test_database_of_this_version_is_there() -> None:
    assert VERSION in VERSIONS, (
        f"there is no database of Arena {VERSION}; make it with `{COMMAND}`, and commit both of its files"
    )


def test_database_has_rows_in_all_tables(upgraded: Upgraded) -> None:
    """Otherwise, the tests of its upgrade say nothing about some tables."""
    empty = {name for name, rows in upgraded.rows_before.items() if not rows}
    if upgraded.version == VERSION:  # earlier versions can have left more tables empty
        assert empty == EMPTY_TABLES.keys()
    assert upgraded.rows_before["arena_vote"] >= 100_000


def test_upgrade_loses_no_rows(upgraded: Upgraded) -> None:
    kept = {name: rows for name, rows in upgraded.rows_before.items() if name not in DERIVED_TABLES}
    lost = {name: (rows, upgraded.rows.get(name)) for name, rows in kept.items() if rows > upgraded.rows.get(name, 0)}
    assert not lost


@pytest.mark.django_db
def test_upgraded_tables_are_those_of_a_new_database(upgraded: Upgraded) -> None:
    schema, new_schema = (
        {CASTS.sub("", line) for [line] in query(url, SCHEMA)} for url in (upgraded.url, database_url())
    )
    assert (schema - new_schema, new_schema - schema) == (set(), set()), CHANGED.format(upgraded.version)


def test_votes_are_exported_as_before(upgraded: Upgraded, commands: Commands) -> None:
    for pool, expected in upgraded.expected["votes"].items():
        assert filled_database.describe_votes(commands.folder / f"{pool}.jsonl", expected["fields"]) == expected, pool


def test_boards_are_computed_from_the_upgraded_votes(commands: Commands) -> None:
    assert re.search(r"\d+ boards published\n.*against the votes", commands.output, re.DOTALL)


@pytest.fixture(scope="module")
def old_service(upgraded: Upgraded, commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with the upgraded database, whose boards have been computed again."""
    data = tmp_path_factory.mktemp("service") / "data"
    with running(data, "--no-local-models", is_first_start=True, DATABASE_URL=upgraded.url) as service:
        yield service


def test_boards_have_the_votes_of_before(upgraded: Upgraded, old_service: Service) -> None:
    for pool, board in upgraded.expected["boards"].items():
        assert filled_database.describe_board(old_service.port, pool) == board, pool


def test_old_account_has_its_battles(upgraded: Upgraded, old_service: Service) -> None:
    keeper = Person(old_service.port)
    filled_database.log_in(keeper, ACCOUNT)
    battles = keeper.get("/api/v1/battles/").json["results"]
    assert len(battles) == upgraded.expected["battles_of_account"]
    assert keeper.get(f"/battles/{battles[0]['id']}/").status == 200


@pytest.mark.parametrize(("change", "status"), [("", 200), ("x", 401)])
def test_old_key_is_accepted(upgraded: Upgraded, old_service: Service, change: str, status: int) -> None:
    key = upgraded.expected["api_key"] + change
    assert Person(old_service.port).get("/api/v1/battles/", Authorization=f"Bearer {key}").status == status
