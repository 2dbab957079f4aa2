"""`.env.example` and the settings reference list all settings with their defaults, and each setting has an effect."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from config.environment import DEFAULT_DATABASE_URL, DEFAULT_REDIS_URL, SETTINGS, Environment, load_environment
from tests.settings_reference import REFERENCE, render_reference

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / ".env.example").read_text(encoding="utf-8")
# Settings that ./scripts/up provides have no written default.
EMBEDDED = (DEFAULT_DATABASE_URL, DEFAULT_REDIS_URL)


def entries(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def test_example_lists_every_setting_once():
    names = [name for name, _ in entries(TEXT)]
    assert sorted(names) == sorted(SETTINGS)
    assert sorted(names) == sorted(field.name.upper() for field in fields(Environment))


def test_example_gives_the_defaults():
    assert load_environment(dict(entries(TEXT))) == Environment()


@pytest.mark.parametrize("name", list(SETTINGS))
def test_example_writes_a_default_out_if_there_is_one(name):
    default = getattr(Environment(), name.lower())
    written = dict(entries(TEXT))[name]
    if default in ("", (), None, *EMBEDDED):
        assert written == ""
    else:
        assert SETTINGS[name].parse(written) == default


def test_every_setting_has_an_effect():
    files = [
        path
        for package in ("launcher", "config", "evaluations", "ratings", "arena", "catalog", "core")
        for path in (ROOT / package).rglob("*.py")
    ]
    code = "".join(path.read_text(encoding="utf-8") for path in files if path.name != "environment.py")
    read = set(re.findall(r"\benv(?:ironment)?\.(\w+)", code, re.IGNORECASE))
    by_methods = {"arena_env", "arena_key_names", "arena_login"}
    assert {name.lower() for name in SETTINGS} - read - by_methods == set()


def test_every_setting_has_a_comment_before_it():
    blocks = [block.splitlines() for block in TEXT.split("\n\n")]
    assert all(block[0].startswith("# ") for block in blocks)


def test_reference_has_the_declarations():
    reference = REFERENCE.read_text(encoding="utf-8")
    assert reference == render_reference(reference), "Run `python -m tests.settings_reference`."
