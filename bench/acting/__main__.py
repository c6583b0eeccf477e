"""`python -m bench.acting`: how soon people are messaged, over a webhook and on their screen, and
what pages are told under load. See the modules `entering`, `pages` and `nudges`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.acting import entering, nudges, pages
from bench.live.record import Found, write
from bench.measure import machine
from bench.report import targets_table

SECTIONS: Final = ("entering", "pages", "nudges")


def main(arguments: list[str] | None = None) -> int:
    """Print what was measured, and record it where wanted; 1 where a target is missed."""
    texts = sys.argv[1:] if arguments is None else arguments
    given = _given(texts)
    found = [section for name in given.only for section in _parts(given)[name]()]
    for one in found:
        print(one.text)
    print(targets_table(target for one in found for target in one.targets))
    if given.record is not None:
        shown = [one for one in texts if one not in ("--record", str(given.record))]
        command = " ".join(["python -m bench.acting", *shown])
        write(given.record, command, machine(), found, title="Acting")
    return 0 if all(target.met for one in found for target in one.targets) else 1


def _given(texts: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--rate", type=int, default=1_000, help="people who enter a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=10, help="of each of them")
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--questions", type=int, default=500, help="of pages a second")
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--visits", type=int, default=200)
    parser.add_argument("--record", type=Path)
    return parser.parse_args(texts)


def _parts(given: argparse.Namespace) -> dict[str, Callable[[], list[Found]]]:
    order = entering.Order(given.rate, given.seconds, given.people, given.events, given.segments)
    asked = pages.Order(given.questions, given.streams, given.seconds)
    return {
        "entering": lambda: [entering.section(order, entering.run(order))],
        "pages": lambda: [pages.section(asked, pages.run(asked))],
        "nudges": lambda: [nudges.section(nudges.run(given.visits))],
    }


if __name__ == "__main__":
    sys.exit(main())
