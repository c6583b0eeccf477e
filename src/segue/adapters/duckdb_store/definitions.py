"""Versions of the definitions, and thresholds that were computed for them."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from segue.domain.ports import DefinitionVersion


def read_versions(db: duckdb.DuckDBPyConnection) -> list[DefinitionVersion]:
    """All versions, oldest first."""
    query = "SELECT version, known_at, text FROM definitions ORDER BY version"
    return [DefinitionVersion(*row) for row in db.execute(query).fetchall()]


def add_version(db: duckdb.DuckDBPyConnection, text: str, known_at: int) -> DefinitionVersion:
    """Keep a text as the next version; the latest version where it has this text already."""
    versions = read_versions(db)
    if versions and versions[-1].text == text:
        return versions[-1]
    version = DefinitionVersion(len(versions) + 1, known_at, text)
    db.execute(
        "INSERT INTO definitions VALUES (?, ?, ?)", [version.version, version.known_at, text]
    )
    return version


def read_thresholds(db: duckdb.DuckDBPyConnection, quantile: str) -> dict[int, int | None]:
    """The thresholds of a quantile by grid instant, as far as they still hold."""
    query = "SELECT grid_at, threshold FROM thresholds WHERE quantile = ? ORDER BY grid_at"
    return dict(db.execute(query, [quantile]).fetchall())


def keep_thresholds(
    db: duckdb.DuckDBPyConnection, quantile: str, values: Mapping[int, int | None]
) -> None:
    """Keep thresholds by grid instant, in place of older ones of the same instants."""
    instants = list(values)
    db.begin()
    db.execute(
        "DELETE FROM thresholds WHERE quantile = ? AND grid_at IN (SELECT unnest(?::BIGINT[]))",
        [quantile, instants],
    )
    db.execute(
        "INSERT INTO thresholds SELECT ?, unnest(?::BIGINT[]), unnest(?::BIGINT[])",
        [quantile, instants, list(values.values())],
    )
    db.commit()
