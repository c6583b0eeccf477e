"""From a finding to a segment of the project file."""

from pathlib import Path

import pytest

import segue
from segue.domain.errors import DefinitionError, NotWritableError, UsageError
from segue.language.parse import parse_condition
from segue.services.insight.as_segment import Proposal, added, id_from, proposed

TEXT = """\
# Ours.
project: shop
segments:
  buyers:
    title: Buyers  # the good ones
    when: did buy
ladders:
  usage:
    kind: usage
    levels:
      - {level: low, when: everyone}
"""

IDS = {
    "Reads the blog, often": "reads_the_blog_often",
    "Buyers": "buyers_2",
    "10 % of people": "found_10_of_people",
    "a" * 30 + " " + "b" * 40: "a" * 30,
}


@pytest.mark.parametrize("title", IDS)
def test_ids_are_made_of_titles(title: str) -> None:
    """Lower case, one word after the other, never one that is taken."""
    assert id_from(title, {"buyers"}) == IDS[title]


def test_a_condition_becomes_its_text() -> None:
    """What is proposed is what would stand in the file."""
    made = proposed("Keen", parse_condition("did buy at least 3 times"), kind="purchase")

    assert made == Proposal("keen", "Keen", "did buy at least 3 times", "purchase")


def test_the_file_keeps_what_it_said() -> None:
    """Comments and order stay; empty fields are left out."""
    text = added(TEXT, [proposed("Keen", "did buy at least 3 times within 7 days")])

    new = "  keen:\n    title: Keen\n    when: did buy at least 3 times within 7 days\n"
    assert new in text
    assert text.replace(new, "") == TEXT


@pytest.mark.parametrize("taken", ["buyers", "usage"])
def test_an_id_that_is_taken_is_refused(taken: str) -> None:
    """A finding never overwrites a definition."""
    with pytest.raises(UsageError, match=taken):
        added(TEXT, [Proposal(taken, "Again", "did buy")])


def test_a_condition_that_is_none_is_refused() -> None:
    """The file stays a project."""
    with pytest.raises(DefinitionError):
        added(TEXT, [Proposal("keen", "Keen", "did buy at least")])


def test_an_engine_writes_it_into_its_file(tmp_path: Path) -> None:
    """It is in force the next time the workspace is opened."""
    with segue.Engine.create(tmp_path, TEXT) as engine:
        engine.add_segments([proposed("Keen", "did buy at least 3 times")])

    with segue.Engine.open(tmp_path) as engine:
        assert engine.definitions.segment("keen").title == "Keen"


def test_definitions_without_a_file_are_refused() -> None:
    """There is nowhere to write to."""
    with segue.Engine.in_memory({"segments": {}}) as engine, pytest.raises(UsageError):
        engine.add_segments([proposed("Keen", "did buy")])


def test_a_read_only_file_gets_a_diff(tmp_path: Path) -> None:
    """Nothing changes; the diff can be applied elsewhere."""
    with segue.Engine.create(tmp_path, TEXT) as engine:
        (tmp_path / "segue.yaml").chmod(0o444)
        with pytest.raises(NotWritableError):
            engine.add_segments([proposed("Keen", "did buy")])

    assert (tmp_path / "segue.yaml").read_text() == TEXT
