"""Keys for signing cookies when SECRET_KEY is not set.

The keys are stored in a private file in the data folder, one per line. The first key signs new cookies. Cookies that
were signed with the other keys are still valid.
"""

import secrets
from collections.abc import Iterable
from pathlib import Path

from config.folder_lock import lock_folder

FILE_NAME = "secret_key"
FOLDER_VARIABLE = "SECRET_KEY_FOLDER"  # ./scripts/manage sets it to the folder that contains the key


def load_keys(folder: Path) -> tuple[str, ...]:
    """Return the keys of a data folder, the signing key first. The first call creates a key. Raises OSError."""
    path = folder / FILE_NAME
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock_folder(folder):  # two processes that start at the same time must not create different keys
            if not path.exists():
                _write_keys(path, [generate_key()])
    return tuple(path.read_text().split())


def rotate_keys(folder: Path) -> None:
    """Create a new signing key, keep the previous one for verification, and drop older ones. Raises OSError."""
    signing_key, *_ = load_keys(folder)
    with lock_folder(folder):
        _write_keys(folder / FILE_NAME, [generate_key(), signing_key])


def generate_key() -> str:
    return secrets.token_urlsafe(64)


def _write_keys(path: Path, keys: Iterable[str]) -> None:
    """Write the file atomically, readable only by its owner."""
    temporary_path = path.with_suffix(".draft")
    temporary_path.unlink(missing_ok=True)
    temporary_path.touch(mode=0o600)
    temporary_path.write_text("\n".join(keys))
    temporary_path.replace(path)
