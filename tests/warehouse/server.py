"""A real PostgreSQL server for a block: its own folder, its own port, nobody else's data."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgres
from adbc_driver_manager.dbapi import Connection, Error

from tools.postgres import programs

_PATIENCE = 60.0


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The address of a server that lives in a folder of its own and ends with the block."""
    who = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="segue-postgres-") as name:
        folder, port = Path(name), _free_port()
        if who is not None:
            shutil.chown(folder, who)
        make = [programs() / "initdb", "-D", folder / "data", "-A", "trust", "-U", "segue"]
        subprocess.run(
            [*make, "--no-sync", "-E", "UTF8"],
            user=who,
            check=True,
            capture_output=True,
            cwd=folder,
        )
        serve = [programs() / "postgres", "-D", folder / "data", "-k", "", "-h", "127.0.0.1"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*serve, "-p", str(port), "-F"], user=who, stdout=log, stderr=log, cwd=folder
            )
        try:
            address = f"postgresql://segue:secret@127.0.0.1:{port}/postgres"
            _await(address, folder / "log")
            yield address
        finally:
            process.send_signal(signal.SIGINT)  # at once, whoever is connected
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


def _await(address: str, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            postgres.connect(address).close()
        except Error as error:
            if time.monotonic() > end:
                raise AssertionError(log.read_text(errors="replace")) from error
            time.sleep(0.05)
        else:
            return
