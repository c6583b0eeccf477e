"""Connections to databases, by their address."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from segue.domain.errors import InputError, UsageError

DRIVERS: Final = {
    "postgresql": "adbc_driver_postgresql",
    "postgres": "adbc_driver_postgresql",
    "snowflake": "adbc_driver_snowflake",
    "sqlite": "adbc_driver_sqlite",
    "grpc": "adbc_driver_flightsql",
    "grpc+tls": "adbc_driver_flightsql",
}
"""The ADBC driver for each scheme of an address. Tested is PostgreSQL's."""


@contextlib.contextmanager
def opened(address: str) -> Iterator[Any]:
    """A connection (PEP 249, with Arrow) to the database at an address for the length of a block;
    what was not committed by then is undone.

    Raises `UsageError` for an address of no known kind and where its driver is not installed,
    `InputError` where the database cannot be reached or refuses a statement, without the password.
    """
    scheme = urlsplit(address).scheme
    if scheme not in DRIVERS:
        raise UsageError(
            f"an address that begins with {scheme or 'nothing'!r} names no known database",
            hint=f"it begins with one of {', '.join(f'{one}://' for one in DRIVERS)}",
        )
    driver = _driver(DRIVERS[scheme])
    base = importlib.import_module("adbc_driver_manager.dbapi").Error
    try:
        with driver.connect(address) as connection:
            yield connection
    except base as error:
        raise InputError(f"{_place(address)}: {_said(error)}", hint=_HINT) from error


_HINT: Final = "check the address, the query and what the user may do there"


def _driver(module: str) -> Any:
    try:
        return importlib.import_module(f"{module}.dbapi")
    except ImportError as error:
        package = module.replace("_", "-")
        raise UsageError(
            f"the driver {package} is not installed",
            hint="pip install 'segue[warehouse]'"
            if module == DRIVERS["postgresql"]
            else f"pip install {package}",
        ) from error


def _place(address: str) -> str:
    """An address without its user and password."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _said(error: Exception) -> str:
    """What a database said, on one line, without the driver's own words around it."""
    text = " ".join(str(error).split())
    for before in ("Failed to prepare query: ", "Failed to execute query: ", "[libpq] "):
        text = text.rpartition(before)[2]
    return text.partition(" Query was: ")[0].removeprefix("ERROR: ").strip()
