"""Spark SQL on the cores of this machine, on a table that it keeps in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.generate import Columns
from bench.measure import cores
from bench.peers import sql
from bench.peers.asking import Members, Sums, UnaskableError
from bench.rival import Asked
from bench.rules import WINDOWS, Rule
from segue.adapters.spark.session import opened
from segue.domain.instant import DAY

SCHEMA = "p INT, e TINYINT, ts BIGINT"


class SparkPeer:
    """The log cached in columns, in as many parts as cores, by person: no query moves rows."""

    def __init__(self, path: Path, asked: Asked, memory: str, *, fused: bool) -> None:
        self._asked, self._fused = asked, fused
        self._stack = ExitStack()
        parts = str(cores())
        settings = {
            "spark.driver.memory": memory,
            "spark.sql.shuffle.partitions": parts,
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.adaptive.enabled": "false",
        }
        self._spark = self._stack.enter_context(opened(f"local[{parts}]", settings))
        log = self._spark.read.parquet(str(path)).repartition(int(parts), "p")
        self._keep(log.sortWithinPartitions("e", "p", "ts"))

    def counts(self, at: int) -> Sequence[int]:
        if self._fused:
            sums = ", ".join(f"count_if({_member(rule)})" for rule in self._asked.rules)
            return list(self._row(f"SELECT {sums} FROM ({self._grouped(at)})"))
        return [
            self._row(f"SELECT count(*) FROM ({sql.people('log', rule, at)})")[0]
            for rule in self._asked.rules
        ]

    def members(self, at: int) -> Members:
        if not self._fused:
            return {r: self._people(sql.people("log", r, at)) for r in self._asked.rules}
        self._spark.sql(self._grouped(at)).cache().createOrReplaceTempView("grouped")
        return {
            rule: self._people(f"SELECT p FROM grouped WHERE {_member(rule)}")
            for rule in self._asked.rules
        }

    def history(self, at: int) -> Sequence[Sums]:
        if self._fused:
            raise UnaskableError
        return [self._row(sql.spans("log", rule, at)) for rule in self._asked.rules]

    def change(self, events: Columns, at: int) -> Sequence[int]:
        new = pa.table({"p": events.person, "e": events.event, "ts": events.at})
        added = self._spark.createDataFrame(new, SCHEMA).repartition(cores(), "p")
        added.createOrReplaceTempView("new")
        self._spark.sql("CACHE TABLE new")
        self._spark.table("log").unionAll(self._spark.table("new")).createOrReplaceTempView("log")
        return self.counts(at)

    def close(self) -> None:
        self._stack.close()

    def _keep(self, log: Any) -> None:
        log.cache().count()
        log.createOrReplaceTempView("log")

    def _grouped(self, at: int) -> str:
        sums = ", ".join(f"count_if(ts > {at - days * DAY}) AS c{days}" for days in WINDOWS)
        return f"SELECT e, p, {sums} FROM log WHERE {self._asked.relevant(at)} GROUP BY e, p"

    def _row(self, text: str) -> Any:
        return tuple(self._spark.sql(text).collect()[0])

    def _people(self, text: str) -> Any:
        found = self._spark.sql(text).toArrow().column("p").to_numpy()
        return np.sort(found).astype(np.int32)


def _member(rule: Rule) -> str:
    return f"e = {rule.code} AND c{rule.days} >= {rule.times}"
