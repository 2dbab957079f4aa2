"""Prepares the database before the service starts, in a single Python process.

Run `python -m config.prepare [--static] [--min-models N] MODELS.toml …`. With --static, it also collects static files,
which Docker images already contain. It exits with an error if fewer than N enabled models can be drawn.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from config.server.collect_static import collect_if_changed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ARENA_APPS = frozenset({"arena", "catalog", "core", "evaluations", "ratings"})
# The first of Arena's own migrations. It has another name than before 0.3, when all migrations were written anew.
FIRST_MIGRATION = ("core", "0001_audit_log")
TOO_OLD_MESSAGE = (
    "the database was created by Arena 0.2 or earlier and cannot be upgraded; nothing was changed. Export its votes "
    "with that version, and import them into a new data folder or database (docs/how-to/back-up-and-upgrade.md)"
)
NEWER_MESSAGE = (
    "a newer version of Arena has upgraded the database (migration {}); nothing was changed. "
    "Start that version again, or restore the backup from before the upgrade"
)
OLDER_MESSAGE = (
    "the database has the tables of an older version of Arena; nothing was changed. "
    "Back it up, and start the service once, which upgrades it"
)
NO_TABLES_MESSAGE = "the database has no tables yet; start the service once, which creates them"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="config.prepare", allow_abbrev=False)
    parser.add_argument("--static", action="store_true")
    parser.add_argument("--min-models", type=int, default=0)
    parser.add_argument("models_files", nargs="*")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError

    django.setup()
    from arena.endpoints import draw, key_variables, models_file
    from arena.endpoints.context_limit import describe_small_windows
    from arena.models import Endpoint
    from catalog.importers import seed
    from ratings.interchange import seed_pools

    _check_services()
    _check_libraries()
    if sentence := explain_tables(can_upgrade=True):
        sys.exit(sentence)
    preparing = _exclude_others()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        if options.static:
            collect_if_changed()
        for path in options.models_files:  # local models are not up yet, so nobody is asked
            models_file.load_models(Path(path))
        seed.seed_catalog()  # must come first, because published boards store facts about their models
        seed_pools.seed_reference_models()  # must come before the votes, whose board stores model names
        seed_pools.seed_vote_pool()
        seed_pools.seed_reference_pool()  # must come after the votes, because pages prefer older pools
    except (CommandError, ValueError) as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(str(error).partition("\n")[0])
    finally:
        preparing.rollback()
        preparing.close()
    for line in (*describe_small_windows(), *key_variables.describe_missing_keys()):
        sys.stdout.write(f"{line}\n")
    Endpoint.objects.update(failed_probes=0, probe_wanted=False)  # of earlier runs, so that all models can be drawn
    if len(draw.list_drawable()) < options.min_models:
        sys.exit(f"fewer than {options.min_models} enabled models can be drawn, so no battle can start")


def explain_tables(*, can_upgrade: bool) -> str | None:
    """Return a sentence that says what to do if this version cannot use the tables, or else None.

    Only the list of applied migrations is read.

    can_upgrade: whether the caller creates tables that do not exist, and upgrades those of an older version
    """
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    applied, known = set(loader.applied_migrations), set(loader.disk_migrations)
    has_tables = any(app in ARENA_APPS for app, _ in applied)
    if has_tables and FIRST_MIGRATION not in applied:
        return TOO_OLD_MESSAGE
    if unknown := sorted(applied - known):
        return NEWER_MESSAGE.format(".".join(unknown[0]))
    if can_upgrade or not known - applied:
        return None
    return OLDER_MESSAGE if has_tables else NO_TABLES_MESSAGE


def _check_services() -> None:
    """Exit with a one-line message if the database or Redis does not answer."""
    from django.db import OperationalError, connection
    from redis.exceptions import RedisError

    from core.storage.redis_clients import get_redis_client

    try:
        connection.ensure_connection()
    except OperationalError as error:
        sys.exit(f"the database at DATABASE_URL does not answer: {str(error).strip().splitlines()[-1]}")
    try:
        get_redis_client().ping()
    except (OSError, RedisError) as error:
        sys.exit(f"the Redis or Valkey server at REDIS_URL does not answer: {error}")


def _check_libraries() -> None:
    """Exit with a one-line message if a library or PostgreSQL lacks a part that is not public and that Arena uses."""
    from config import library_parts

    if missing := [*library_parts.list_missing_parts(), *library_parts.list_missing_functions()]:
        sys.exit(missing[0])


def _exclude_others() -> "BaseDatabaseWrapper":
    """Wait until no other process prepares the database. Return a connection whose open transaction excludes others.

    A transaction keeps its connection also behind a pooler.
    """
    from django.db import connections

    from core.storage.advisory_locks import AdvisoryLock, acquire_lock

    other = connections.create_connection("default")
    other.set_autocommit(False)
    acquire_lock(AdvisoryLock.PREPARATION, using=other)
    return other


if __name__ == "__main__":
    main(sys.argv[1:])
