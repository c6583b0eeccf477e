"""Timing, memory and the name of the machine."""

from __future__ import annotations

import gc
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """Seconds of several repetitions."""

    seconds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The quickest repetition."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The middle repetition."""
        return statistics.median(self.seconds)

    @property
    def worst(self) -> float:
        """The slowest repetition."""
        return max(self.seconds)


@dataclass
class Clock:
    """Collects the seconds of one piece of work over several rounds."""

    seconds: list[float] = field(default_factory=list)

    def time(self, work: Callable[[], T]) -> T:
        """Run the work once, timed, with no garbage waiting."""
        gc.collect()
        begin = time.perf_counter()
        answer = work()
        self.seconds.append(time.perf_counter() - begin)
        return answer

    @property
    def timing(self) -> Timing:
        """All but the first run, which warms up."""
        return Timing(tuple(self.seconds[1:] or self.seconds))


def instants(end: int, repetitions: int) -> list[int]:
    """A warm-up instant and as many others: every one later than the one before, none a round
    number of anything, so that no answer can be kept from one to the next."""
    return [end + 61_003 * turn for turn in range(repetitions + 1)]


# ----------------------------------------------------------------------------------------- machine


@dataclass(frozen=True)
class Machine:
    """Where it ran."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    versions: dict[str, str]

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{self.cpu}, {self.cores} cores, {self.memory_gib:.0f} GiB of memory, "
            f"{self.system}; {versions}"
        )


def machine() -> Machine:
    """The machine that runs this."""
    versions = {"Python": platform.python_version()}
    for package in ("numpy", "pyarrow", "duckdb", "chdb"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(_cpu(), cores(), pages / 2**30, platform.system(), versions)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
