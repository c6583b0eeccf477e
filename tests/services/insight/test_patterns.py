"""Patterns of behaviour: groups where there are any, and rules that say whom they mean."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ruamel.yaml import YAML

import segue
from segue.bootstrap.insight import Insight
from segue.demo import definitions, kinds, simulate
from segue.domain.errors import NotFoundError, UsageError
from segue.domain.instant import DAY
from segue.insight.patterns import Effort
from segue.insight.rules import Match
from segue.language import canonical
from segue.language.parse import parse_pattern
from segue.language.text import to_text
from segue.services.insight.patterns import (
    Patterns,
    View,
    Wish,
    find_patterns,
    look_at,
)

QUICK = Effort(resamples=8, worlds=6, most=4)
PEOPLE = 700
SITE = parse_pattern('page_view where path not starts with "/app"')


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return simulate(people=PEOPLE)


@pytest.fixture(scope="module")
def engine(events: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Iterator[segue.Engine]:
    path = tmp_path_factory.mktemp("patterns") / "segue.yaml"
    path.write_text(definitions())
    with segue.Engine.in_memory(path) as made:
        made.record(events)
        yield made


def _find(insight: Insight, wish: Wish) -> Patterns:
    return find_patterns(
        insight.store, insight.project, insight.definitions, insight.at, wish, effort=QUICK
    )


WISHES = {
    "what": Wish(),
    "what, of the site": Wish(mix=SITE, least=8),
    "how, three groups": Wish(view=View.HOW, number=3),
    "how, four groups": Wish(view=View.HOW, number=4),
    "in a segment": Wish(view=View.HOW, segment_id="engagement.moderate", number=2),
}


@pytest.mark.parametrize("name", WISHES)
def test_the_engine_finds_exactly_whom_a_rule_is_said_to_match(
    engine: segue.Engine, name: str, tmp_path: Path
) -> None:
    """The stated match is that of the segment which the rule becomes."""
    insight = engine.insight()
    found = _find(insight, WISHES[name])
    assert found.patterns
    looked = look_at(insight.store, insight.project, insight.definitions, insight.at, found.wish)
    behaviour, asked = looked.behaviour, looked.asked
    ids = behaviour.past.person_ids.to_pylist()
    path = tmp_path / "segue.yaml"
    path.write_text(definitions())
    with segue.Engine.in_memory(path) as writer:
        writer.add_segments([one.proposal for one in found.patterns])
    with segue.Engine.in_memory(path) as again:
        again.record(simulate(people=PEOPLE))
        members = again.evaluate(insight.at, [one.proposal.id for one in found.patterns])
    for place, one in enumerate(found.patterns):
        group = {ids[person] for person in asked.person[found.groups.label == place]}
        rule = set(
            members.filter(pc.equal(members["segment_id"], one.proposal.id))[
                "person_id"
            ].to_pylist()
        )
        assert one.match == Match(len(group & rule), len(rule), len(group))
        assert one.match.jaccard > 0.3


@pytest.mark.parametrize("view", View)
def test_every_feature_means_what_its_condition_means(engine: segue.Engine, view: View) -> None:
    """At thresholds all over its values, for everybody."""
    insight, wish = engine.insight(), Wish(view=view, least=3)
    looked = look_at(insight.store, insight.project, insight.definitions, insight.at, wish)
    behaviour, asked, features = looked.behaviour, looked.asked, looked.features
    conditions, holds = [], []
    for one in features:
        values = np.unique(one.value)
        for low, high in zip(values[:-1:7], values[1::7], strict=False):
            threshold = one.writing.threshold(float(low), float(high))
            conditions.append(one.writing.condition(threshold))
            holds.append(one.at_least(threshold))
    whole = [canonical.all_of([*looked.base, one]) for one in conditions]
    texts = {f"rule_{place}": {"when": to_text(one)} for place, one in enumerate(whole)}
    project = segue.Engine.in_memory({**_project(engine), "segments": texts})
    with project as again:
        again.record(simulate(people=PEOPLE))
        members = again.evaluate(insight.at)
    ids = np.array(behaviour.past.person_ids.to_pylist())[asked.person]
    for place, held in enumerate(holds):
        rows = members.filter(pc.equal(members["segment_id"], f"rule_{place}"))
        expected = sorted(ids[held].tolist())
        assert sorted(rows["person_id"].to_pylist()) == expected, texts[f"rule_{place}"]


def _project(engine: segue.Engine) -> dict[str, object]:
    read = YAML(typ="safe", pure=True).load(definitions())
    return {key: read[key] for key in ("timezone", "exclude", "not_activity", "actions", "journey")}


def test_nothing_later_changes_a_pattern(engine: segue.Engine, events: pa.Table) -> None:
    """Asking for an instant is the same as cutting the log there."""
    at = "2026-05-20"
    instant = engine.insight(at).at
    moment = pa.scalar(instant, pa.timestamp("ms", tz="UTC"))
    links = pc.equal(events["event"], "$identify")  # identity is timeless
    early = events.filter(pc.or_(pc.less_equal(events["occurred_at"], moment), links))
    for wish in (Wish(), Wish(view=View.HOW)):
        with segue.Engine.in_memory(_written(engine)) as cut:
            cut.record(early)
            expected = _find(cut.insight(at), wish)
        found = _find(engine.insight(at), wish)
        assert found.patterns == expected.patterns
        assert found.groups.tried == expected.groups.tried


def _written(engine: segue.Engine) -> Path:
    path = engine._source.path
    assert path is not None
    return path


def test_readers_of_the_blog_are_found(engine: segue.Engine) -> None:
    """A latent kind of the demo, by what it reads; and it says so in words."""
    found = _find(engine.insight(), Wish(mix=SITE))
    readers = [one for one in found.patterns if "Much /blog" in one.title]

    assert len(readers) == 1
    assert "/blog" in readers[0].when
    assert readers[0].match.jaccard > 0.9
    assert "its rule names" in readers[0].words
    assert "stable" in found.verdict
    assert "at least 15 times" in found.definition
    assert set(kinds(people=PEOPLE).values()) >= {"reader"}


def test_too_few_people_have_no_patterns(engine: segue.Engine) -> None:
    """It says how many more it takes."""
    found = _find(engine.insight(), Wish(least=400))

    assert found.patterns == ()
    assert found.verdict.startswith("Cannot tell yet: needs")


def test_people_who_differ_by_degrees_are_no_groups() -> None:
    """One cloud of people: the answer is that there are no stable groups; asked for some, it cuts
    them, and says what they are worth."""
    random = np.random.default_rng(5)
    rows = [
        {"person_id": f"p{person}", "event": event, "occurred_at": (19_000 + day) * DAY}
        for person in range(300)
        for event, count in zip("abc", random.poisson(random.lognormal(2, 0.4, 3)), strict=True)
        for day in random.integers(0, 28, count)
    ]
    with segue.Engine.in_memory({"segments": {}}) as engine:
        engine.record(pa.Table.from_pylist(rows))
        found = _find(engine.insight(), Wish())
        asked_for = _find(engine.insight(), Wish(number=3))

    assert found.patterns == ()
    assert found.verdict.startswith("There are no stable groups")
    assert len(asked_for.patterns) == 3
    assert "not stable" in asked_for.verdict


def test_wishes_that_make_no_sense_are_refused(engine: segue.Engine) -> None:
    """With what to ask for instead."""
    with pytest.raises(UsageError):
        Wish(number=1)
    with pytest.raises(UsageError):
        Wish(least=0)
    with pytest.raises(NotFoundError):
        _find(engine.insight(), Wish(segment_id="nobody_knows"))
