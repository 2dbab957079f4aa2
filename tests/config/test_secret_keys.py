"""Keys for signing cookies, and `rotate_secret_key`."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper

from config import secret_keys
from launcher import embedded
from launcher.data_folder import DataFolder

ROOT = Path(__file__).parents[2]
OLD = "the-old-key-" * 5


def test_key_is_made_once_and_private(tmp_path):
    [key] = secret_keys.load_keys(tmp_path / "var")

    assert len(key) >= 50
    assert secret_keys.load_keys(tmp_path / "var") == (key,)
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    assert secret_keys.load_keys(tmp_path / "other") != (key,)


def test_all_who_start_at_once_get_the_same_key(tmp_path):
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(secret_keys.load_keys, [tmp_path] * 64))

    assert keys == {secret_keys.load_keys(tmp_path)}


@pytest.mark.slow
def test_processes_without_the_variable_have_one_key(tmp_path):
    """Uses web and worker processes that are started manually, in a copy of the code with its own data folder."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    command = [sys.executable, "-c", "from config import settings as s; print(s.SECRET_KEY, s.SECRET_KEY_FALLBACKS)"]
    started = [
        subprocess.Popen(command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, text=True, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    printed = {process.communicate()[0].strip() for process in started}

    assert printed == {f"{(tmp_path / 'var' / 'secret_key').read_text()} []"}


def test_new_key_signs_and_the_one_before_verifies(tmp_path):
    [first] = secret_keys.load_keys(tmp_path)

    secret_keys.rotate_keys(tmp_path)
    second, *verifying = secret_keys.load_keys(tmp_path)
    assert (second != first, verifying) == (True, [first])
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600

    secret_keys.rotate_keys(tmp_path)
    assert secret_keys.load_keys(tmp_path)[1:] == (second,)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS", secret_keys.FOLDER_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return DataFolder(tmp_path / "var")


def rotate(capsys):
    call_command("rotate_secret_key", stdout=OutputWrapper(sys.stdout), stderr=OutputWrapper(sys.stderr))
    return capsys.readouterr()


def test_command_makes_a_key_in_the_folder_from_which_the_key_comes(folder, monkeypatch, capsys):
    before = embedded.build_environment(folder)
    monkeypatch.setenv(secret_keys.FOLDER_VARIABLE, before[secret_keys.FOLDER_VARIABLE])

    printed = rotate(capsys)
    after = embedded.build_environment(folder)

    assert after["SECRET_KEY"] != before["SECRET_KEY"]
    assert (before["SECRET_KEY_FALLBACKS"], after["SECRET_KEY_FALLBACKS"]) == ("", before["SECRET_KEY"])
    assert (folder.path / "secret_key").read_text().split() == [after["SECRET_KEY"], before["SECRET_KEY"]]
    assert printed.out == ""
    assert printed.err.startswith(
        f"The new key is on the first line of {folder.path}/secret_key. Restart the service to sign with it."
    )
    assert after["SECRET_KEY"] not in printed.err


def test_command_prints_two_lines_where_the_key_is_a_variable(folder, settings, capsys):
    settings.SECRET_KEY = OLD
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, secret_key=OLD)

    printed = rotate(capsys)

    new, old = printed.out.splitlines()
    assert new.startswith("SECRET_KEY=")
    assert len(new) > 60
    assert old == f"SECRET_KEY_FALLBACKS={OLD}"
    assert "Set these two lines where SECRET_KEY is set now" in printed.err
    assert not (folder.path / "secret_key").exists()


@pytest.mark.parametrize("key", ["with,comma" * 6, "with space" * 6])
def test_command_refuses_a_variable_that_the_list_cannot_hold(folder, settings, key):
    settings.SECRET_KEY = key
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, secret_key=key)

    with pytest.raises(CommandError, match="SECRET_KEY contains a comma or a space"):
        call_command("rotate_secret_key")


def test_command_says_where_nothing_can_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(secret_keys.FOLDER_VARIABLE, str(tmp_path / "file"))

    with pytest.raises(CommandError, match="file cannot be written: File exists"):
        call_command("rotate_secret_key")
