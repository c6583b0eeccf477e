"""A real PostgreSQL server for a block: its own folder, its own port, nobody else's data."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgres
from adbc_driver_manager.dbapi import Connection, Error

from tools.postgres import programs

_PATIENCE = 60.0


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server that lives in the folder and ends with the block."""
    who = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    data, port = folder / "data", _free_port()
    if who is not None:
        for part in (folder, *folder.parents):
            if part.owner() == "root" and part.stat().st_mode & 0o001 == 0:
                part.chmod(part.stat().st_mode | 0o011)
        shutil.chown(folder, who)
    subprocess.run(
        [
            programs() / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "segue",
            "--no-sync",
            "-E",
            "UTF8",
        ],
        user=who,
        check=True,
        capture_output=True,
        cwd=folder,
    )
    command = [
        programs() / "postgres",
        "-D",
        data,
        "-k",
        "",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-F",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, user=who, stdout=log, stderr=log, cwd=folder)
    try:
        address = f"postgresql://segue:secret@127.0.0.1:{port}/postgres"
        _await(address)
        yield address
    finally:
        process.send_signal(2)  # at once, whoever is connected
        process.wait(_PATIENCE)


@contextlib.contextmanager
def connected(address: str) -> Iterator[Connection]:
    """A connection for a block, which keeps what was done."""
    with postgres.connect(address) as connection:
        yield connection
        connection.commit()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _await(address: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            postgres.connect(address).close()
        except Error:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
