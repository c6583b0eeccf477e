"""Themes on real short texts: how pure they are, alone and with what a person confirms.

    python -m bench.themes --data FOLDER [--draws 6] [--record FILE]

BANKING77 (CC BY 4.0): customer texts with their topic. Each draw takes 12 topics at random. "NMF
alone" is the proposer with the true number of themes; "with 5 confirmed" is the codebook after a
person confirmed five texts of each theme, measured on the others.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from segue.insight.themes import Proposal, Theme, assign, propose

TOPICS = 12
CONFIRMED = 5
SIZES = (15, 40, 100)
MARKED = ("<!-- --8<-- [start:themes] -->", "<!-- --8<-- [end:themes] -->")
COLUMNS = (
    "texts per topic",
    "purity of NMF alone, told the number",
    "with its own number",
    "themes found",
    "stability",
    "purity with 5 confirmed",
    "texts covered then",
)


@dataclass(frozen=True)
class Draw:
    """Texts and the topic of each."""

    texts: list[str]
    topics: list[str]


@dataclass(frozen=True)
class Purity:
    """The share of texts in a theme that are of its commonest topic, and of texts in any theme."""

    purity: float
    covered: float


def draws(folder: Path, size: int, count: int) -> list[Draw]:
    """So many draws of `TOPICS` topics with at most `size` texts each."""
    table = pq.read_table(folder / "banking77_train.parquet")
    by_topic = defaultdict(list)
    for row in table.to_pylist():
        by_topic[row["category"]].append(row["text"])
    found = []
    for seed in range(count):
        dice = np.random.default_rng(seed)
        chosen = dice.choice(sorted(by_topic), TOPICS, replace=False).tolist()
        rows = [(t, one) for one in chosen for t in dice.permutation(by_topic[one])[:size].tolist()]
        found.append(Draw([text for text, _ in rows], [topic for _, topic in rows]))
    return found


def proposed(draw: Draw, proposals: Sequence[Proposal]) -> Purity:
    """How pure proposals are."""
    theme_of = {row: n for n, one in enumerate(proposals) for row in one.members}
    return _purity({row: str(n) for row, n in theme_of.items()}, draw.topics)


def confirmed(draw: Draw) -> Purity:
    """How pure a codebook is for which somebody confirmed the first texts of each topic."""
    rows = defaultdict(list)
    for row, topic in enumerate(draw.topics):
        rows[topic].append(row)
    book = [
        Theme(topic, topic, examples=tuple(draw.texts[row] for row in mine[:CONFIRMED]))
        for topic, mine in rows.items()
    ]
    rest = [row for mine in rows.values() for row in mine[CONFIRMED:]]
    found = assign([draw.texts[row] for row in rest], book)
    labels = {place: themes[0] for place, themes in enumerate(found) if themes}
    return _purity(labels, [draw.topics[row] for row in rest])


def _purity(labels: dict[int, str], topics: Sequence[str]) -> Purity:
    groups: dict[str, list[str]] = defaultdict(list)
    for row, label in labels.items():
        groups[label].append(topics[row])
    pure = sum(Counter(group).most_common(1)[0][1] for group in groups.values())
    return Purity(pure / max(1, len(labels)), len(labels) / len(topics))


def report(folder: Path, count: int) -> str:
    """The table of all sizes, in Markdown."""
    lines = [
        f"{TOPICS} topics of BANKING77, the mean of {count} draws; `python -m bench.themes`.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"| {' | '.join('---' for _ in COLUMNS)} |",
    ]
    for size in SIZES:
        rows = []
        for draw in draws(folder, size, count):
            own = propose(draw.texts)
            told = confirmed(draw)
            rows.append(
                (
                    proposed(draw, propose(draw.texts, count=TOPICS)).purity,
                    proposed(draw, own).purity,
                    len(own),
                    own[0].stability if own else 0,
                    told.purity,
                    told.covered,
                )
            )
        means = np.mean(rows, axis=0)
        cells = [f"{value:.2f}" for value in means]
        cells[2] = f"{means[2]:.1f}"
        lines.append(f"| {size} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=6)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    text = report(given.data, given.draws)
    print(text)
    if given.record:
        marked = f"{MARKED[0]}\n{text}{MARKED[1]}\n"
        given.record.write_text(f"# Themes on real short texts\n\n{marked}", "utf-8")


if __name__ == "__main__":
    main()
