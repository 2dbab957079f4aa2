"""Checks that the container image contains no secrets, without a container engine."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = (ROOT / ".dockerignore").read_text(encoding="utf-8")
SECRETS = (
    ".env",
    ".env.local",
    ".env.production",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "models.toml",
    "models/of-ours.toml",
    "secret_key",
    "id_ed25519",
    "dump.sql",
    "web.log",
    "var/secret_key",
    "var/postgres/PG_VERSION",
    ".git/config",
    ".venv/bin/python",
    ".aws/credentials",
    "config/.env",
    "arena/data/.env.local",
    "arena/__pycache__/jobs.cpython-313.pyc",
    "tests/conftest.py",
)
LARGE = (".git", ".venv", "var")  # SECRETS contains an example of each
NEEDED = ("arena", "catalog", "config", "core", "evaluations", "ratings", "static", "templates")


def in_context(path: str, rules: str) -> bool:
    """Return True if the engine sends a file. The last pattern that matches the path or a parent folder decides.

    A pattern that starts with `!` includes the file again.
    """
    parts = PurePosixPath(path).parts
    parents = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    sent = True
    for line in rules.splitlines():
        pattern = line.strip()
        if not pattern or line.startswith("#"):
            continue
        matcher = as_regex(pattern.removeprefix("!").strip().strip("/").removeprefix("./"))
        if any(matcher.fullmatch(each) for each in parents):
            sent = pattern.startswith("!")
    return sent


def as_regex(pattern: str) -> re.Pattern[str]:
    """Convert a pattern of Go's filepath.Match: `*` and `?` stop at a slash, and `**` matches any number of folders."""
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]*\]|\\.|.", pattern)
    written = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(written.get(t) or (t if len(t) > 2 else re.escape(t.removeprefix("\\"))) for t in tokens))


def context(files: Iterable[str], rules: str = RULES) -> set[str]:
    return {path for path in files if in_context(path, rules)}


def test_no_secret_is_in_the_context():
    assert context(SECRETS) == set()


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A folder with the files that the engine receives from this tree, next to secrets of all kinds."""
    tops = [top for top in ROOT.iterdir() if top.name not in LARGE]
    tree = [path for top in tops for path in [top, *top.rglob("*")] if path.is_file()]
    folder = tmp_path_factory.mktemp("image")
    for path in context({*(str(path.relative_to(ROOT)) for path in tree), *SECRETS}):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / path)
    return folder


def test_context_holds_what_the_image_is_made_of_and_nothing_else(image):
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    assert {path.name for path in image.iterdir()} == {*NEEDED, "LICENSE", "manage.py", "requirements.lock"}
    assert copied == ["requirements.lock", "."]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        ["-c", "import config.asgi, config.prepare; from config.celery import app; app.tasks"],
        ["-c", "import config.monitoring.container_healthcheck"],
    ],
    ids=["static files", "all pages", "processes", "health check"],
)
def test_commands_of_the_image_run_on_the_context_alone(image, command):
    production = {"ARENA_ENV": "production", "ARENA_PUBLIC_URL": "https://arena.example", "SECRET_KEY": "aZ9-b" * 20}
    variables = production | {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "config.settings"}

    ended = subprocess.run([sys.executable, *command], cwd=image, env=variables, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr


def test_image_is_built_without_making_a_secret_key():
    [line] = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if "collectstatic" in line]
    assert " SECRET_KEY=" in line
