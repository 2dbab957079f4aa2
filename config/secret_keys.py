"""The keys that sign cookies, where no variable gives them: one private file of the data folder, a key a line.

The first one signs, the others still verify what was signed before.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "secret_key"
FOLDER_VARIABLE = "SECRET_KEY_FOLDER"  # tells the commands that ./scripts/manage runs where their SECRET_KEY comes from


def load_keys(folder: Path) -> tuple[str, ...]:
    """The keys of this data folder, the one that signs first; it is made at the first call. Raises OSError."""
    path = folder / FILE_NAME
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock_folder(folder):
            if not path.exists():
                _write_keys(path, [generate_key()])
    return tuple(path.read_text().split())


def rotate_keys(folder: Path) -> None:
    """Put a new key before the one that signs now; the one before that is forgotten. Raises OSError."""
    signing, *_ = load_keys(folder)
    with _lock_folder(folder):
        _write_keys(folder / FILE_NAME, [generate_key(), signing])


def generate_key() -> str:
    return secrets.token_urlsafe(64)


def _write_keys(path: Path, keys: Iterable[str]) -> None:
    """The file is there whole or not at all, and was never readable to others."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text("\n".join(keys))
    draft.replace(path)


@contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    """Two processes that start at the same time must not sign with different keys."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
