"""The keys that sign cookies, where no variable gives them: one private file of the data folder, a key a line.

The first one signs, the others still verify what was signed before.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "secret_key"
FOLDER = "SECRET_KEY_FOLDER"  # tells the commands that ./scripts/manage runs where their SECRET_KEY comes from


def load(folder: Path) -> tuple[str, ...]:
    """The keys of this data folder, the one that signs first; it is made at the first call. Raises OSError."""
    path = folder / FILE
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(folder):
            if not path.exists():
                _write(path, [make()])
    return tuple(path.read_text().split())


def rotate(folder: Path) -> None:
    """Put a new key before the one that signs now; the one before that is forgotten. Raises OSError."""
    signing, *_ = load(folder)
    with _alone(folder):
        _write(folder / FILE, [make(), signing])


def make() -> str:
    return secrets.token_urlsafe(64)


def _write(path: Path, keys: Iterable[str]) -> None:
    """The file is there whole or not at all, and was never readable to others."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text("\n".join(keys))
    draft.replace(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two processes that start at the same time must not sign with different keys."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
