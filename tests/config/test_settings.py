"""Django's production checks, the version, and the schedule of beat."""

import os
import re
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import yaml
from django.conf import settings
from django.db import connection
from django.utils import timezone
from kombu import Connection

from arena import tasks
from arena.models import Answer, Session
from arena.models.sessions import SessionStore
from config.celery import app
from config.setting_parsers import build_broker_url

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "ARENA_ENV": "production",
    "ARENA_PUBLIC_URL": "https://arena.example.org",
    "SECRET_KEY": "aZ9-" * 13 + "another+secret",
    "SECRET_KEY_FALLBACKS": "earlier+key/" * 5,
}


def test_version_has_one_source_and_the_changelog_names_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [newest, *_] = re.findall(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert project["dynamic"] == ["version"]
    assert "version" not in project
    assert newest in (settings.VERSION, "Unreleased")


@pytest.mark.slow
def test_django_finds_nothing_to_warn_of_in_production():
    env = {name: value for name, value in os.environ.items() if not name.startswith("ARENA_")}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    result = subprocess.run(command, cwd=ROOT, env=env | PRODUCTION, capture_output=True, text=True)

    assert result.returncode == 0, result.stderr
    assert "System check identified no issues (3 silenced)." in result.stdout


def test_every_task_of_beat_exists():
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


@pytest.mark.django_db
def test_task_clears_sessions_that_have_ended():
    current, ended = SessionStore(), SessionStore()
    for session in (current, ended):
        session.create()
    Session.objects.filter(pk=ended.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))

    tasks.clear_sessions()

    assert [session.pk for session in Session.objects.all()] == [current.session_key]


@pytest.mark.django_db
def test_answers_are_not_indexed_by_their_model():
    """Answers are written often, and no query would use the index."""
    with connection.cursor() as cursor:
        indexes = connection.introspection.get_constraints(cursor, Answer._meta.db_table).values()

    assert not [index for index in indexes if index["index"] and index["columns"] == ["model_id"]]


def test_log_of_every_container_is_bounded():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]

    bounds = {"driver": "json-file", "options": {"max-size": "5m", "max-file": "5"}}
    assert {name: service.get("logging") for name, service in services.items()} == dict.fromkeys(services, bounds)


@pytest.mark.parametrize("number", [0, 1])
def test_broker_is_the_database_of_the_redis_url(valkey, number):
    server = settings.REDIS_URL.partition("?")[0]
    is_socket = server.startswith("unix://")
    url = f"{server}?db={number}" if is_socket else f"{server.rpartition('/')[0]}/{number}"
    queue = f"test-{number}"
    client = redis.Redis.from_url(url)
    with Connection(build_broker_url(url)) as broker, broker.SimpleQueue(queue) as messages:
        messages.put({"number": number})
    assert client.delete(queue)
