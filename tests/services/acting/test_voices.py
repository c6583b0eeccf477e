"""What people answered to a survey, from events and deliveries in a real store."""

from __future__ import annotations

import dataclasses
import json

import pyarrow as pa
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.campaigns import Question, QuestionKind, State, Survey
from segue.language.project import project_from
from segue.services.acting.voices import Choices, Numbers, Texts, codebook, voices
from tests.services.acting.test_results import CAMPAIGN, NOW, delivery

QUESTIONS = (
    Question("why", QuestionKind.TEXT, "Can you tell us why?"),
    Question("how", QuestionKind.NPS, "Would you recommend us?"),
    Question("what", QuestionKind.MULTIPLE, "What was hard?", choices=("Price", "Speed", "Else")),
)
SURVEY = dataclasses.replace(CAMPAIGN, id="why_not", survey=Survey(QUESTIONS))
TOO_DEAR = ("far too expensive for us", "the price is a bit much", "it is not cheap, too expensive")


@pytest.fixture
def store(tmp_path):
    opened = DuckDBStore.open(tmp_path / "segue.duckdb")
    yield opened
    opened.close()


def shown(store: DuckDBStore, people: int, *segments: str, first: int = 0) -> None:
    """So many people have seen the survey, in these segments."""
    rows = [
        delivery(first + n, State.SHOWN, campaign_id="why_not", shown_at=NOW, segments=segments)
        for n in range(people)
    ]
    store.save_deliveries(made=rows)


def answered(store: DuckDBStore, *answers: tuple) -> None:
    """Answers of people: (delivery, question, answer, segments...)."""
    kinds = {one.id: one.kind.value for one in QUESTIONS}
    facts = [
        {
            "campaign_id": "why_not",
            "delivery_id": who,
            "question_id": question,
            "question_type": kinds.get(question, "text"),
            "answer": answer,
            "segments": list(segments),
        }
        for who, question, answer, *segments in answers
    ]
    rows = range(len(facts))
    store.append(
        pa.table(
            {
                "distinct_id": [f"p-{fact['delivery_id']}" for fact in facts],
                "event": ["$survey_answered" for _ in rows],
                "occurred_at": pa.array([NOW + row for row in rows]),
                "event_id": [f"{row}-{json.dumps(facts[row])}" for row in rows],
                "sequence": pa.nulls(len(facts), pa.int64()),
                "properties": [json.dumps(fact) for fact in facts],
            }
        ),
        received_at=NOW,
    )


def said(store, question: str, segment_id: str | None = None, themes=None):
    found = voices(store, SURVEY, codebook({}) if themes is None else themes, segment_id)
    return next(one for one in found.questions if one.question.id == question)


def test_nobody_was_asked(store):
    found = voices(store, SURVEY, codebook({}))

    assert (found.shown, found.shown_in_segment) == (0, 0)
    assert [one.response.value for one in found.questions] == [None] * 3
    assert found.questions[0].said == Texts(0, 0, (), 0, (), ())


def test_the_response_rate_stands_beside_the_score(store):
    shown(store, 40)
    answered(store, *((str(n), "how", 10 if n < 5 else 3) for n in range(10)))
    how = said(store, "how")

    assert isinstance(how.said, Numbers)
    assert how.said.everybody.value == 0
    assert how.said.everybody.response.value == how.response.value == 0.25
    assert how.said.segment is None


def test_the_people_of_a_segment_are_those_who_were_in_it_when_they_were_asked(store):
    shown(store, 20, "dormant")
    shown(store, 20, first=20)
    answered(store, *((str(n), "how", 2, "dormant") for n in range(6)))
    answered(store, *((str(n), "how", 9) for n in range(20, 24)))
    how = said(store, "how", "dormant")

    assert how.said.segment.value == -100
    assert how.said.segment.response.value == 0.3
    assert how.said.everybody.value == pytest.approx(-20)


def test_the_last_answer_of_a_showing_counts(store):
    shown(store, 2)
    answered(store, ("1", "how", 1), ("2", "how", 8), ("1", "how", 10))

    assert said(store, "how").said.everybody.value == 50


def test_choices_are_shares_of_those_who_answered(store):
    shown(store, 4)
    answered(
        store, ("1", "what", ["Price", "Speed"]), ("2", "what", ["Price"]), ("3", "what", "Else")
    )
    what = said(store, "what").said

    assert isinstance(what, Choices)
    assert {text: share.count for text, share in what.everybody.items()} == {
        "Price": 2,
        "Speed": 1,
        "Else": 1,
    }
    assert what.everybody["Price"].of == 3


def test_themes_of_a_segment_against_the_rest_with_quotes(store):
    shown(store, 60, "trial")
    shown(store, 60, first=60)
    answered(store, *((str(n), "why", TOO_DEAR[n % 3], "trial") for n in range(40)))
    answered(store, *((str(n), "why", "it is so slow to load") for n in range(60, 100)))
    answered(store, ("100", "why", "asdf"), ("101", "why", "something else entirely, sorry"))
    why = said(store, "why", "trial").said

    assert (why.answers, why.empty, why.unassigned) == (82, 1, 1)
    price = next(one for one in why.themes if one.title == "Price")
    assert price.spoken.is_telling
    assert (price.spoken.inside.count, price.spoken.outside.count) == (40, 0)
    assert {quote.text for quote in price.quotes} == set(TOO_DEAR)
    assert {one.title for one in why.themes} == {"Price", "Speed"}
    assert why.telling[0].inside > 10
    assert why.proposals == ()


def test_the_project_may_have_a_codebook_of_its_own(store):
    project = project_from(
        {"themes": {"export_hard": {"words": ["export"]}, "other": {"title": "All else"}}}
    )
    themes = codebook(project.themes)
    shown(store, 2)
    answered(store, ("1", "why", "Exporting my data failed"), ("2", "why", "too expensive"))
    (voice,) = said(store, "why", themes=themes).said.themes

    assert voice.title == "Export hard"
    assert [quote.text for quote in voice.quotes] == ["Exporting my data failed"]


def test_what_tells_of_no_answer_is_passed_over(store):
    answered(store, (None, "how", 3), ("1", None, 3), ("1", "how", None), ("1", "gone", "x y"))
    found = voices(store, SURVEY, codebook({}))

    assert [one.response.count for one in found.questions] == [0, 0, 0]
    assert found.questions[1].said.everybody.value is None


@pytest.mark.parametrize(("question", "answer"), [("how", 9), ("what", ["Price"]), ("why", "dear")])
def test_an_answer_that_was_taken_back_is_none(store, question, answer):
    """Whoever goes back and skips says nothing, and has not responded."""
    shown(store, 4)
    answered(store, ("0", question, answer), ("1", question, answer), ("1", question, None))

    assert said(store, question).response.count == 1
