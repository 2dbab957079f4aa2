"""The data folder of one installation, with databases, logs, the secret key, and locks."""

import fcntl
import hashlib
import os
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

# A socket path can have at most 107 bytes (103 on macOS), and PostgreSQL's socket adds 23 bytes to the folder's path:
# /postgres/.s.PGSQL.5432
SAFE_SOCKET_PATH = re.compile(r"[A-Za-z0-9/._-]{1,80}")
LockName = Literal["owner", "services", "guests"]


class LaunchError(Exception):
    """Raised if the service cannot be started. The message is one line for the user."""


class DataFolder:
    """Paths and locks of one data folder. The constructor creates the folders. Raises LaunchError and OSError.

    There are three locks: `owner` for the program that starts the services, `services` for the servers themselves, and
    `guests` for commands that use servers started by another program. The kernel releases a lock when its last holder
    exits.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.log = self.path / "log"
        self.locks = self.path / "lock"
        self.models = self.path / "models"
        self.postgres = self.path / "postgres"
        self.valkey = self.path / "valkey"
        if self.path.exists() and not self.path.is_dir():
            raise LaunchError(f"{self.path} is not a folder")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.log, self.locks, self.models, self.valkey):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)  # the data folder itself can be open to other users
        self.runtime = _make_run_folder(self.path)

    def lock(self, name: LockName, *, shared: bool = False) -> int | None:
        """Take a lock without waiting. Return its file descriptor, or None if another program holds it.

        Raises OSError if the lock file cannot be opened.
        """
        descriptor = os.open(self.locks / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def take_ownership(self, purpose: str) -> int | None:
        """Take the `owner` lock and record its purpose. Return its descriptor, or None if another program holds it."""
        descriptor = self.lock("owner")
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{purpose} (process {os.getpid()})".encode())
        return descriptor

    @property
    def owner(self) -> str:
        """A description of the program that holds the `owner` lock. Raises OSError if the lock was never taken."""
        return (self.locks / "owner").read_text() or "another program"


def _make_run_folder(data: Path) -> Path:
    """Create the folder for sockets in the data folder, or in the system's temporary folder.

    The temporary folder is used if the path of the data folder is too long or contains unusual characters. Raises
    LaunchError if another user could have created or changed the folder.
    """
    folder = data / "run"
    if not SAFE_SOCKET_PATH.fullmatch(str(folder)):
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"arena-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise LaunchError(f"{folder} is a symbolic link, belongs to another user, or is writable by others; remove it")
    return folder


def get_package_dir(name: str) -> Path:
    """Return the folder of an installed Python package without importing it. Raises LaunchError."""
    spec = find_spec(name)
    if not spec or not spec.submodule_search_locations:
        raise LaunchError(f"the Python package {name} is not installed")
    return Path(spec.submodule_search_locations[0])
