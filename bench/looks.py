"""How often lift is seen where there is none, by whoever looks every day: A/A simulations.

    python -m bench.looks [--runs 400] [--record FILE]

Each run assigns so many people a day to two arms that reach the goal alike, and looks at the end of
each of sixty days; it is wrong if any look sees a difference. Beside Segue's ranges stands the
usual z-test at 5 %. Coverage is the share of runs in which the range holds the truth at every look,
where the treated do reach the goal more.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from statsmodels.stats.proportion import proportions_ztest

from segue.insight.lift import Arm, Finding, measure

DAYS = 60
RATES = (0.01, 0.05, 0.3)
HELD_OUT = (0.05, 0.1, 0.5)
PER_DAY = (50, 500)
BETTER_BY = 1.2
COLUMNS = (
    "reach the goal",
    "held out",
    "people a day",
    "wrong: Segue",
    "wrong: z-test every day",
    "wrong: z-test once, at the end",
    "covered: Segue",
)
Looks = list[tuple[Arm, Arm]]


def looks(
    dice: np.random.Generator, held: float, rates: tuple[float, float], per_day: int
) -> Looks:
    """Both arms at the end of each day: the treated, the held out."""
    people = dice.multinomial(per_day, [1 - held, held], size=DAYS)
    hits = dice.binomial(people, rates)
    return [
        (Arm(int(n[0]), int(k[0])), Arm(int(n[1]), int(k[1])))
        for n, k in zip(people.cumsum(0), hits.cumsum(0), strict=True)
    ]


def sees(arms: tuple[Arm, Arm]) -> bool:
    """Whether Segue says that there is a difference."""
    return measure(*arms).finding is not Finding.CANNOT_TELL


def z_test_sees(arms: tuple[Arm, Arm]) -> bool:
    """Whether a z-test for one look does."""
    hits, people = [one.successes for one in arms], [one.people for one in arms]
    if min(hits) == 0:
        return False
    return bool(proportions_ztest(hits, people)[1] < 0.05)


def covers(arms: tuple[Arm, Arm], truth: float) -> bool:
    """Whether Segue's range holds the truth, where it gives one."""
    found = measure(*arms).absolute
    return found is None or truth in found


def row(rate: float, held: float, per_day: int, runs: int) -> Sequence[str]:
    """One line of the table."""
    dice = np.random.default_rng(int(rate * 1000) + int(held * 100) + per_day)
    wrong = naive = once = covered = 0
    for _ in range(runs):
        alike = looks(dice, held, (rate, rate), per_day)
        wrong += any(map(sees, alike))
        naive += any(map(z_test_sees, alike))
        once += z_test_sees(alike[-1])
        truth = rate * (BETTER_BY - 1)
        unlike = looks(dice, held, (rate * BETTER_BY, rate), per_day)
        covered += all(covers(arms, truth) for arms in unlike)
    shares = (f"{100 * found / runs:.1f} %" for found in (wrong, naive, once, covered))
    return [f"{100 * rate:g} %", f"{100 * held:g} %", str(per_day), *shares]


def report(runs: int) -> str:
    """The table in Markdown."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"| {' | '.join('---' for _ in COLUMNS)} |"]
    for rate, held, per_day in product(RATES, HELD_OUT, PER_DAY):
        lines.append(f"| {' | '.join(row(rate, held, per_day, runs))} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Simulate, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    text = report(given.runs)
    print(text)
    if given.record:
        head = (
            f"# Looking every day\n\n{given.runs} runs of {DAYS} days each, a look at the end of "
            "every day; `python -m bench.looks`.\n\n"
        )
        marked = f"<!-- --8<-- [start:looks] -->\n{text}<!-- --8<-- [end:looks] -->\n"
        given.record.write_text(head + marked, "utf-8")


if __name__ == "__main__":
    main()
