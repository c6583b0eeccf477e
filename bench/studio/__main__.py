"""`python -m bench.studio`: how soon the pages of the studio are there, how soon the builder
answers, and what people who watch cost those who send. See the modules `pages`, `preview` and
`watchers`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.live.record import Found, write
from bench.live.world import Past
from bench.measure import machine
from bench.report import targets_table
from bench.studio import pages, preview, watchers

SECTIONS: Final = ("pages", "preview", "watchers")


def main(arguments: list[str] | None = None) -> int:
    """Print what was measured, and record it where wanted; 1 where a target is missed."""
    given = _given(sys.argv[1:] if arguments is None else arguments)
    parts = _parts(given)
    found = [parts[name]() for name in given.only]
    for one in found:
        print(one.text, end="\n\n")
    print(targets_table(target for one in found for target in one.targets))
    if given.record is not None:
        command = f"python -m bench.studio --events {given.events} --people {given.people}"
        write(given.record, command, str(machine()), found, title="Segue, the studio")
    return 0 if all(target.met for one in found for target in one.targets) else 1


def _given(texts: list[str]) -> argparse.Namespace:
    def number(text: str) -> int:
        return int(float(text))

    parser = argparse.ArgumentParser(prog="python -m bench.studio", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--events", type=number, default=20_000_000)
    parser.add_argument("--people", type=number, default=1_000_000)
    parser.add_argument("--page", default="", help="only addresses that have this in them")
    parser.add_argument("--tries", type=int, default=5, help="of each condition; later views")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=5, help="of rounds without and with viewers")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each round")
    parser.add_argument("--rate", type=float, default=5_000.0, help="steady events per second")
    parser.add_argument("--data", type=Path, help="folder that keeps the histories")
    parser.add_argument("--record", type=Path, help="file to write the record to")
    return parser.parse_args(texts)


def _parts(given: argparse.Namespace) -> dict[str, Callable[[], Found]]:
    data = given.data or Path(tempfile.gettempdir()) / "segue-bench-live"
    data.mkdir(parents=True, exist_ok=True)
    past = Past(given.events, given.people)
    rates = (0.0, given.rate)
    plan = watchers.Plan(past, given.viewers, given.pairs, given.seconds, rates, data)
    return {
        "pages": lambda: pages.section(past, data, given.page, given.tries),
        "preview": lambda: preview.section(past, data, given.tries),
        "watchers": lambda: watchers.section(plan),
    }


if __name__ == "__main__":
    sys.exit(main())
