"""pandas and Polars, on frames sorted by event, person and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from bench.generate import BEGIN, Columns
from bench.peers.asking import Members, Sums, UnaskableError
from bench.rival import Asked
from bench.rules import WINDOWS, Rule
from segue.domain.instant import DAY


def _data(log: Columns) -> dict[str, Any]:
    return {"p": log.person, "e": log.event, "ts": log.at}


class PandasPeer:
    """As an analyst writes it: a mask and a `groupby` for each segment. Fused: one `groupby`."""

    def __init__(self, log: Columns, asked: Asked, *, fused: bool) -> None:
        self._frame = pd.DataFrame(_data(log)).sort_values(["e", "p", "ts"], ignore_index=True)
        self._asked, self._fused = asked, fused

    def counts(self, at: int) -> Sequence[int]:
        return [len(people) for people in self._found(at)]

    def members(self, at: int) -> Members:
        pairs = zip(self._asked.rules, self._found(at), strict=True)
        return {rule: np.sort(people.to_numpy(np.int32)) for rule, people in pairs}

    def history(self, at: int) -> Sequence[Sums]:
        if self._fused:
            raise UnaskableError
        return [self._spans(rule, at) for rule in self._asked.rules]

    def change(self, events: Columns, at: int) -> Sequence[int]:
        self._frame = pd.concat([self._frame, pd.DataFrame(_data(events))], ignore_index=True)
        return self.counts(at)

    def close(self) -> None:
        del self._frame

    def _found(self, at: int) -> list[pd.Index]:
        return self._together(at) if self._fused else [self._one(r, at) for r in self._asked.rules]

    def _one(self, rule: Rule, at: int) -> pd.Index:
        log = self._frame
        inside = log[(log.e == rule.code) & (log.ts > at - rule.window) & (log.ts <= at)]
        sizes = inside.groupby("p").size()
        return sizes.index[sizes >= rule.times]

    def _together(self, at: int) -> list[pd.Index]:
        log, asked = self._frame, self._asked
        longest = at - max(rule.window for rule in asked.rules)
        inside = log[log.e.isin(asked.codes) & (log.ts > longest) & (log.ts <= at)]
        flags = {days: inside.ts > at - days * DAY for days in WINDOWS}
        sums = pd.DataFrame(flags).groupby([inside.e, inside.p]).sum()
        parts = {code: sums.loc[code] for code in sums.index.levels[0] if code in sums.index}
        nobody = sums.iloc[:0].droplevel(0)
        found = []
        for rule in asked.rules:
            counts = parts.get(rule.code, nobody)[rule.days]
            found.append(counts.index[counts >= rule.times])
        return found

    def _spans(self, rule: Rule, at: int) -> Sums:
        log = self._frame[(self._frame.e == rule.code) & (self._frame.ts <= at)]
        till = log.groupby("p").ts.shift(rule.times - 1) + rule.window
        kept = log.assign(till=till)[till > log.ts]
        first = ~(kept.ts <= kept.groupby("p").till.shift(1))
        last = first.shift(-1, fill_value=True)
        begun, ended = kept[first], kept[last]
        who, begins = int(begun.p.astype(np.int64).sum()), int((begun.ts - BEGIN).sum())
        return len(begun), who, begins, int((ended.till.astype(np.int64) - BEGIN).sum())


class PolarsPeer:
    """A lazy query for each segment, or one for all."""

    def __init__(self, log: Columns, asked: Asked, *, fused: bool) -> None:
        self._frame = pl.DataFrame(_data(log)).sort("e", "p", "ts")
        self._asked, self._fused = asked, fused

    def counts(self, at: int) -> Sequence[int]:
        if self._fused:
            sizes = [_member(rule).sum().alias(rule.id) for rule in self._asked.rules]
            return list(self._grouped(at).select(sizes).collect().row(0))
        return [self._one(r, at).select(pl.len()).collect().item() for r in self._asked.rules]

    def members(self, at: int) -> Members:
        found = {}
        grouped = self._grouped(at).collect().lazy() if self._fused else None
        for rule in self._asked.rules:
            asked = self._one(rule, at) if grouped is None else grouped.filter(_member(rule))
            found[rule] = asked.select("p").sort("p").collect()["p"].to_numpy()
        return found

    def history(self, at: int) -> Sequence[Sums]:
        if self._fused:
            raise UnaskableError
        return [self._spans(rule, at) for rule in self._asked.rules]

    def change(self, events: Columns, at: int) -> Sequence[int]:
        self._frame = pl.concat([self._frame, pl.DataFrame(_data(events))])
        return self.counts(at)

    def close(self) -> None:
        del self._frame

    def _one(self, rule: Rule, at: int) -> pl.LazyFrame:
        ts = pl.col("ts")
        inside = (pl.col("e") == rule.code) & (ts > at - rule.window) & (ts <= at)
        sizes = self._frame.lazy().filter(inside).group_by("p").len()
        return sizes.filter(pl.col("len") >= rule.times)

    def _grouped(self, at: int) -> pl.LazyFrame:
        ts, longest = pl.col("ts"), at - max(rule.window for rule in self._asked.rules)
        inside = pl.col("e").is_in(self._asked.codes) & (ts > longest) & (ts <= at)
        sums = [(ts > at - days * DAY).sum().alias(f"c{days}") for days in WINDOWS]
        return self._frame.lazy().filter(inside).group_by("e", "p").agg(sums)

    def _spans(self, rule: Rule, at: int) -> Sums:
        ts, till = pl.col("ts"), pl.col("till")
        held = self._frame.lazy().filter((pl.col("e") == rule.code) & (ts <= at))
        held = held.with_columns((ts.shift(rule.times - 1).over("p") + rule.window).alias("till"))
        before = till.shift(1).over("p")
        kept = held.filter(till > ts).with_columns(
            (before.is_null() | (ts > before)).alias("first")
        )
        kept = kept.with_columns(pl.col("first").shift(-1, fill_value=True).alias("last"))
        begun = kept.filter("first")
        n, who, begins = (
            begun.select(
                pl.len().cast(pl.Int64), pl.col("p").cast(pl.Int64).sum(), (ts - BEGIN).sum()
            )
            .collect()
            .row(0)
        )
        return n, who, begins, kept.filter("last").select((till - BEGIN).sum()).collect().item()


def _member(rule: Rule) -> pl.Expr:
    return (pl.col("e") == rule.code) & (pl.col(f"c{rule.days}") >= rule.times)
