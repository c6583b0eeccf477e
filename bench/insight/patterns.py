"""Patterns against what is known: the demo's latent kinds, groupless people, real files.

    python -m bench.insight.patterns --data DIR [--people 12000] [--record FILE]

The kinds of the demo's people are what nobody who looks at events is told. How separable they are
is measured by telling them to a classifier (multinomial naive Bayes, which knows how the pages of a
kind are mixed; five-fold cross-validation): no search for groups can be expected to do better.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import MultinomialNB

from bench.insight.recording import recorded
from segue.bootstrap.engine import Engine
from segue.demo import DAYS, SEED, START, definitions, simulate
from segue.demo.calendar import Arrivals
from segue.demo.life import Life
from segue.domain.instant import DAY
from segue.insight.patterns import Effort, Groups, group, mixed
from segue.language.parse import parse_pattern
from segue.services.insight.patterns import View, Wish, look_at

ROOT = Path(__file__).parents[2]
COLUMNS = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
SITE = (
    'page_view where (path not starts with "/app" and path not starts with "/signup"'
    ' and path not starts with "/billing")'
)
WORLDS = 20
_RIGHT = 0.8


def kinds_of(people: int) -> dict[str, str]:
    """The latent kind of everybody, by all their ids; of who shares a browser, that of its owner.
    Staff and test people are left out: they are champions by profession."""
    arrivals = Arrivals(people, DAYS, START)
    found: dict[str, str] = {}
    for index in range(people):
        life = Life(SEED, index, arrivals)
        if not life.staff and not life.is_test:
            found.setdefault(life.anonymous_id, life.kind.name)
            found[life.known_id] = life.kind.name
    return found


@dataclass(frozen=True)
class Searched:
    """People with their kinds, their points, counts of pages, and the groups found."""

    kinds: np.ndarray
    points: np.ndarray
    counts: np.ndarray
    groups: Groups

    def agreement(self, label: np.ndarray) -> float:
        """The adjusted Rand index of a grouping with the kinds."""
        return float(adjusted_rand_score(self.kinds, label))


def searched(engine: Engine, kinds: dict[str, str], wish: Wish) -> Searched:
    """Search the demo's people for groups, and say who they are."""
    insight = engine.insight()
    looked = look_at(insight.store, insight.project, insight.definitions, insight.at, wish)
    features, asked = looked.features, looked.asked
    ids = looked.behaviour.past.person_ids.to_pylist()
    kind = np.array([kinds.get(ids[person], "") for person in asked.person])
    known = kind != ""
    points = mixed(features)
    groups = group(points, np.random.default_rng(wish.seed), number=wish.number)
    counts = np.column_stack([one.top // 100 for one in features])
    kept = Groups(groups.label[known], groups.number, groups.tried)
    return Searched(kind[known], points[known], counts[known], kept)


def demo(people: int) -> Iterator[str]:
    """How well the latent kinds are recovered, and by which methods."""
    kinds = kinds_of(people)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "segue.yaml"
        path.write_text(definitions(), encoding="utf-8")
        with Engine.in_memory(path) as engine:
            engine.record(simulate(people=people))
            yield from _recovered(engine, kinds)


def _recovered(engine: Engine, kinds: dict[str, str]) -> Iterator[str]:
    yield (
        "| Pages seen, at least | People | Groups | Adjusted Rand | Told the kinds"
        " | Separable kinds | Their adjusted Rand | Told the kinds |"
    )
    yield "|---:|---:|---:|---:|---:|---|---:|---:|"
    last: Searched | None = None
    for least in (8, 15, 30, 50):
        wish = Wish(window=DAYS * DAY, least=least, mix=parse_pattern(SITE))
        last = searched(engine, kinds, wish)
        told = cross_val_predict(MultinomialNB(), last.counts, last.kinds, cv=5)
        agreement, ceiling = last.agreement(last.groups.label), last.agreement(told)
        yield (
            f"| {least} | {len(last.kinds):,} | {last.groups.number} | {agreement:.2f}"
            f" | {ceiling:.2f} | {_separable(last, told)} |"
        )
        if least == 30:
            table, methods = _table(last, told), _methods(last)
    yield ""
    yield "Of those with at least 30 pages, who is in which group (columns), and who would be told:"
    yield ""
    yield from table
    yield ""
    yield "Other methods at the same number of groups, of the same people and points:"
    yield ""
    yield from methods


def _separable(one: Searched, told: np.ndarray) -> str:
    """The kinds that the classifier tells right in four of five cases; how well those people are
    grouped, and told: nothing where there is but one, which can be told from nothing."""
    kinds = [
        kind for kind in np.unique(one.kinds) if np.mean(told[one.kinds == kind] == kind) >= _RIGHT
    ]
    if len(kinds) < 2:
        return f"{', '.join(kinds)} | – | –"
    kept = np.isin(one.kinds, kinds)
    found, ceiling = (
        adjusted_rand_score(one.kinds[kept], label[kept]) for label in (one.groups.label, told)
    )
    return f"{', '.join(kinds)} | {found:.2f} | {ceiling:.2f}"


def _table(one: Searched, told: np.ndarray) -> list[str]:
    numbers = range(one.groups.number)
    lines = [
        f"| Kind | People | {' | '.join(f'group {n + 1}' for n in numbers)} | told right |",
        f"|---|---:|{'---:|' * len(numbers)}---:|",
    ]
    for kind in np.unique(one.kinds):
        mine = one.kinds == kind
        cells = [str(int((one.groups.label[mine] == n).sum())) for n in numbers]
        right = 100 * np.mean(told[mine] == kind)
        lines.append(f"| {kind} | {mine.sum():,} | {' | '.join(cells)} | {right:.0f} % |")
    return lines


def _methods(one: Searched) -> list[str]:
    number, points = one.groups.number, one.points
    shares = one.counts / one.counts.sum(axis=1, keepdims=True)
    scaled = (shares - shares.mean(axis=0)) / np.maximum(shares.std(axis=0), 1e-9)
    tried: dict[str, Callable[[], Any]] = {
        "k-means of roots of parts (used)": lambda: one.groups.label,
        "k-means of parts, scaled": lambda: KMeans(number, n_init=10, random_state=0).fit_predict(
            scaled
        ),
        "k-means of logarithms of counts": lambda: KMeans(
            number, n_init=10, random_state=0
        ).fit_predict(np.log1p(one.counts)),
        "Gaussian mixture of roots, diagonal": lambda: GaussianMixture(
            number, covariance_type="diag", n_init=3, reg_covar=1e-4, random_state=0
        ).fit_predict(points),
        "Ward's method of roots": lambda: AgglomerativeClustering(number).fit_predict(points),
    }
    return [
        "| Method | Adjusted Rand |",
        "|---|---:|",
        *(f"| {name} | {one.agreement(made()):.2f} |" for name, made in tried.items()),
    ]


def groupless() -> Iterator[str]:
    """How often groups are found among people who have none."""
    worlds: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
        "one normal cloud": lambda r: r.normal(size=(400, 6)),
        "one factor, activity, and noise": lambda r: (
            r.normal(size=(400, 1)) + 0.5 * r.normal(size=(400, 6))
        ),
        "one kind of mix, 40 pages each": _one_mix,
        "one scale on which people are spread evenly, seen in six ways": lambda r: (
            r.uniform(-1.7, 1.7, size=(400, 1)) + 0.1 * r.normal(size=(400, 6))
        ),
        "six features that have nothing to do with each other, two of them cut": _cut,
    }
    yield f"| People | Worlds of {WORLDS} in which groups were found |"
    yield "|---|---:|"
    for name, made in worlds.items():
        found = [
            group(
                made(np.random.default_rng(seed)),
                np.random.default_rng(seed),
                effort=Effort(10, 10, 4),
            ).number
            for seed in range(WORLDS)
        ]
        yield f"| {name} | {np.count_nonzero(found)} |"


def _one_mix(random: np.random.Generator) -> np.ndarray:
    parts = random.dirichlet([4, 8, 10, 8, 4, 2], 400)
    return np.sqrt(np.array([random.multinomial(40, one) for one in parts]) / 40)


def _cut(random: np.random.Generator) -> np.ndarray:
    points = random.normal(size=(400, 6))
    points[:, :2] = (points[:, :2] > 0) * 2.0
    return points


def moodle(data: Path) -> Iterator[str]:
    """The groups of a course beside those of its authors: 44, 43 and 43 by activity."""
    with Engine.in_memory(ROOT / "examples" / "moodle.yaml") as engine:
        engine.import_files(
            [data / "moodle_la_course.parquet"], columns=COLUMNS, keep_rejects=False
        )
        insight = engine.insight("2019-10-28")
        levels = ("low", "moderate", "high")
        members = engine.evaluate(insight.at, [f"activity.{one}" for one in levels])
        whose = dict(
            zip(members["person_id"].to_pylist(), members["segment_id"].to_pylist(), strict=True)
        )
        for wish in (Wish(view=View.HOW), Wish(view=View.HOW, number=3), Wish(view=View.WHAT)):
            yield from _beside(engine, insight.at, wish, whose)


def _beside(engine: Engine, at: int, wish: Wish, whose: dict[str, str]) -> Iterator[str]:
    insight = engine.insight(at)
    found = insight.patterns(wish)
    asked_for = "" if wish.number is None else f", {wish.number} asked for"
    yield f"By {wish.view.value}{asked_for}: {found.verdict}"
    if found.patterns:
        looked = look_at(insight.store, insight.project, insight.definitions, at, wish)
        ids, asked = looked.behaviour.past.person_ids.to_pylist(), looked.asked
        theirs = [whose[ids[person]] for person in asked.person]
        agreement = adjusted_rand_score(theirs, found.groups.label)
        yield f"Adjusted Rand index with the authors' thirds: {agreement:.2f}."
        yield ""
        for one in found.patterns:
            yield f"- {one.words} `{one.when}`"
    yield ""


def shop(data: Path) -> Iterator[str]:
    """RFM of a real shop."""
    with Engine.in_memory(ROOT / "examples" / "online_retail.yaml") as engine:
        engine.import_files([data / "online_retail.parquet"], columns=COLUMNS, keep_rejects=False)
        found = engine.insight("2011-12-10").ready()
    assert found.buyers is not None, "the shop sells"
    buyers = found.buyers
    yield f"{buyers.buyers:,} buyers, revenue {buyers.revenue:,.2f}."
    yield ""
    yield "| The best | People | Revenue |"
    yield "|---:|---:|---:|"
    for top in buyers.tops:
        yield f"| {top.percent} % | {top.people:,} | {100 * top.revenue:.1f} % |"
    yield ""
    yield "| RFM group | Buyers | Revenue |"
    yield "|---|---:|---:|"
    for one in buyers.groups:
        share = 100 * (one.revenue or 0)
        yield f"| {one.proposal.title} | {one.people.count:,} | {share:.1f} % |"


def identity(people: int) -> Iterator[str]:
    """Behaviour or identity, of the demo's people who started a trial: their traits are drawn
    without regard to anything they do."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "segue.yaml"
        path.write_text(definitions(), encoding="utf-8")
        with Engine.in_memory(path) as engine:
            engine.record(simulate(people=people))
            found = engine.insight().identity(
                "subscribed", entering="journey.intent", window=3 * DAY
            )
    yield from found.words
    yield ""
    yield found.definition


PARTS: dict[str, str] = {
    "demo": "The demo's latent kinds",
    "groupless": "People without groups",
    "moodle": "A course: the authors' groups",
    "shop": "A shop: RFM",
    "identity": "Behaviour or identity?",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts and print, or record, what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="where the real logs are")
    parser.add_argument("--people", type=int, default=12_000)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--only", choices=PARTS, nargs="*", default=list(PARTS))
    given = parser.parse_args(arguments)
    made: dict[str, Callable[[], Iterator[str]]] = {
        "demo": lambda: demo(given.people),
        "groupless": groupless,
        "moodle": lambda: moodle(given.data),
        "shop": lambda: shop(given.data),
        "identity": lambda: identity(given.people),
    }
    for name in given.only:
        text = "\n".join(made[name]())
        print(f"## {PARTS[name]}\n\n{text}\n", flush=True)
        if given.record:
            recorded(given.record, name, PARTS[name], text)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
