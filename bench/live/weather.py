"""What else the machine did while something was measured: a virtual one is as fast as its host and
its neighbours let it be."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.live.server import Server

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_USER, _NICE, _SYSTEM, _IDLE, _DISK, _IRQ, _SOFT, _STOLEN = range(8)
_BUSY: Final = (_USER, _NICE, _SYSTEM, _IRQ, _SOFT)
PARTS: Final = ("append", "extract", "evaluate", "publish", "commit", "accept", "tell")


@dataclass(frozen=True)
class Weather:
    """While something was measured: the processors that programs other than the server and the
    generator kept busy, those that the host withheld, those that had nothing to do but wait for the
    disk; how many turns there were, and of one in the mean its milliseconds, those of the processor
    and those of each part."""

    others: float
    stolen: float
    disk: float
    turns: int
    turn_ms: float
    processor_ms: float
    parts: dict[str, float]


class Watch:
    """Looks at a machine and a server from now on."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._began, self._before = time.perf_counter(), _seen(server)

    def weather(self) -> Weather:
        """What it has been since."""
        took = time.perf_counter() - self._began
        before, after = self._before, _seen(self._server)
        more = {name: after[name] - before[name] for name in before}
        turns = max(more["turns"], 1)
        return Weather(
            max(0.0, more["busy"] - more["own"]) / took,
            more["stolen"] / took,
            more["disk"] / took,
            int(more["turns"]),
            1000 * more["turning"] / turns,
            1000 * more["processor"] / turns,
            {name: 1000 * more[name] / turns for name in PARTS},
        )


def _seen(server: Server) -> dict[str, float]:
    """The counters of the machine and of the server, in seconds since they began; and the turns."""
    line = Path("/proc/stat").read_text().partition("\n")[0]
    ticks = [int(one) / _TICKS for one in line.split()[1:]]
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    counted = server.counters()
    return {
        "busy": sum(ticks[place] for place in _BUSY),
        "stolen": ticks[_STOLEN],
        "disk": ticks[_DISK],
        "own": server.cpu_seconds + sum(one.ru_utime + one.ru_stime for one in own),
        "turns": counted.get("segue_turn_seconds_count", 0.0),
        "turning": counted.get("segue_turn_seconds_sum", 0.0),
        "processor": counted.get("segue_turn_processor_seconds_total", 0.0),
        **{
            name: counted.get(f'segue_turn_part_seconds_sum{{part="{name}"}}', 0.0)
            for name in PARTS
        },
    }
