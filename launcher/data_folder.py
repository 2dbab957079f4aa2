"""The folder that holds everything of one installation: databases, logs, the secret key, and who uses it."""

import fcntl
import hashlib
import os
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path

# A socket's path may have 107 bytes (103 on macOS), and the names of the sockets take 16 of them.
SAFE_SOCKET_PATH = re.compile(r"[A-Za-z0-9/._-]{1,80}")


class DataFolderError(Exception):
    """The folder cannot be used; the message is one line for the user."""


class DataFolder:
    """Paths and locks of one data folder. Making it creates the folders; raises DataFolderError, OSError.

    Three locks, held by the kernel until the last holder has ended, however it ends: `owner` by the one
    program that starts the services, `services` by the servers themselves, `guests` by commands that use
    servers of another program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.log, self.locks, self.models = self.path / "log", self.path / "lock", self.path / "models"
        self.postgres, self.valkey = self.path / "postgres", self.path / "valkey"
        if self.path.exists() and not self.path.is_dir():
            raise DataFolderError(f"{self.path} is not a folder")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.log, self.locks, self.models, self.valkey):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)  # the data folder itself may be one that somebody else has to enter
        self.run = _make_run_folder(self.path)

    def lock(self, name: str, *, shared: bool = False) -> int | None:
        """Take a lock without waiting; the file descriptor that holds it, or None if it is taken."""
        descriptor = os.open(self.locks / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def own(self, purpose: str) -> int | None:
        """Become the owner, or None if there is one; `owner` tells who."""
        descriptor = self.lock("owner")
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{purpose} (process {os.getpid()})".encode())
        return descriptor

    @property
    def owner(self) -> str:
        return (self.locks / "owner").read_text() or "another program"


def _make_run_folder(data: Path) -> Path:
    """Where sockets lie: inside the data folder, or elsewhere if its path is too long or strange for that."""
    folder = data / "run"
    if not SAFE_SOCKET_PATH.fullmatch(str(folder)):
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"arena-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != os.getuid() or facts.st_mode & 0o022:
        raise DataFolderError(f"{folder} belongs to somebody else; remove it")
    return folder


def get_package_dir(name: str) -> Path:
    """Where an installed Python package lies, without importing it."""
    spec = find_spec(name)
    if not spec or not spec.submodule_search_locations:
        raise DataFolderError(f"the Python package {name} is not installed")
    return Path(spec.submodule_search_locations[0])
