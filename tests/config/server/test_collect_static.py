"""Static files are collected only if one of them has changed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.folder_lock import lock_folder
from config.server import collect_static
from config.server.collect_static import collect_if_changed

CONFIG = Path(collect_static.__file__).parents[1]
COLLECT = """
import sys
from pathlib import Path
from config.folder_lock import lock_folder
with lock_folder(Path(sys.argv[1])): print("collected")
"""


@pytest.fixture
def source(tmp_path, settings):
    """The only source file."""
    (tmp_path / "static").mkdir()
    file = tmp_path / "static" / "a.css"
    file.write_text("a { color: red }")
    settings.STATICFILES_DIRS = [tmp_path / "static"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = str(tmp_path / "collected")
    hashed = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": hashed}
    return file


def written(settings):
    """Return the modification time of each collected file."""
    with os.scandir(settings.STATIC_ROOT) as entries:
        return {entry.name: entry.stat().st_mtime_ns for entry in entries if not entry.name.startswith(".")}


def test_what_has_not_changed_is_left_alone(source, settings):
    assert collect_if_changed()
    before = written(settings)
    assert "a.css" in before
    assert "staticfiles.json" in before
    assert len(before) > 2

    assert not collect_if_changed()

    assert written(settings) == before


@pytest.mark.parametrize("change", ["another text", "another file"])
def test_what_has_changed_is_collected_anew(source, settings, change):
    collect_if_changed()
    before = written(settings)
    (source if change == "another text" else source.with_name("b.css")).write_text("b { color: blue }")

    assert collect_if_changed()

    assert written(settings).keys() - before.keys()


def test_what_was_broken_off_is_collected_anew(source, settings, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("django.core.management.call_command", lambda *args, **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            collect_if_changed()
    assert collect_if_changed()


@pytest.mark.slow
def test_two_that_start_from_one_folder_collect_one_after_the_other():
    with lock_folder(CONFIG):
        other = subprocess.Popen([sys.executable, "-c", COLLECT, CONFIG], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            other.communicate(timeout=0.7)
    assert other.communicate(timeout=20)[0] == "collected\n"


def test_another_storage_collects_anew(source, settings):
    hashed = settings.STORAGES
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**hashed, "staticfiles": plain}  # as in `up --dev`
    collect_if_changed()
    assert "staticfiles.json" not in written(settings)

    settings.STORAGES = hashed

    assert collect_if_changed()
    assert "staticfiles.json" in written(settings)
