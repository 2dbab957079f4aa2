"""Prepares the database of a first start once, and copies it for each service under test.

The database is stored in `.pytest_cache/prepared` until the code, data files, or lock files change.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("core", "catalog", "arena", "ratings", "evaluations", "config", "launcher")


def copy_prepared(tree: Path, data: Path, env: dict[str, str]) -> None:
    """Copy the prepared database into a data folder that does not exist yet."""
    cache = tree / ".pytest_cache" / "prepared"
    cache.mkdir(parents=True, exist_ok=True)
    prepared = cache / _digest(tree)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test runs can share the tree
        if not prepared.exists():
            for outdated in cache.glob("*/"):
                shutil.rmtree(outdated)
            _prepare(tree, cache / "unfinished", env)
            (cache / "unfinished").rename(prepared)
        shutil.copytree(prepared / "postgres", data / "postgres")
    data.chmod(0o700)


def _digest(tree: Path) -> str:
    digest = hashlib.sha256()
    files = [*tree.glob("*.lock"), *(path for package in PACKAGES for path in (tree / package).rglob("*"))]
    for path in sorted(files):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(tree)} {path.stat().st_size}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _prepare(tree: Path, folder: Path, env: dict[str, str]) -> None:
    python = (sys.executable, "-m")
    command = (*python, "launcher.embedded", "--data", str(folder), "--no-fsync", "--", *python, "config.prepare")
    subprocess.run(command, cwd=tree, env=env, check=True)
