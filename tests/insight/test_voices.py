"""What people said: scores beside response rates, themes, and words that tell segments apart."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from bench.themes import confirmed, draws, proposed
from segue.insight.scores import Scale, score
from segue.insight.texts import says_something, stems
from segue.insight.themes import Theme, assign, default_codebook, propose
from segue.insight.voices import compare_themes, telling_words

# ------------------------------------------------------------------------------------------ scores


def test_nps_has_a_margin_from_the_answers_themselves() -> None:
    """The figure of the research note: half promoters, a fifth detractors: ±7.7 points at 400."""
    answers = [10] * 200 + [8] * 120 + [3] * 80
    nps = score(Scale.NPS, answers, asked=1_000)

    assert nps.value == pytest.approx(30)
    assert nps.interval.high - nps.value == pytest.approx(7.7, abs=0.05)
    assert nps.response.value == 0.4


def test_csat_is_a_share_with_wilsons_interval() -> None:
    csat = score(Scale.CSAT, [5, 4, 4, 3, 1], asked=20)

    assert csat.value == pytest.approx(0.6)
    assert (csat.interval.low, csat.interval.high) == pytest.approx(
        proportion_confint(3, 5, method="wilson")
    )
    assert csat.answers == 5


@pytest.mark.parametrize(
    ("scale", "answers", "value"),
    [
        (Scale.CES, [7, 5, 6], 6.0),
        (Scale.RATING, [1, 10], 5.5),
        (Scale.NPS, [9, 10, 0, 6], 0.0),
        (Scale.NPS, [7, 8], 0.0),
        (Scale.CSAT, [], None),
        (Scale.NPS, [], None),
    ],
)
def test_what_answers_come_to(scale, answers, value) -> None:
    assert score(scale, answers, asked=50).value == value


@pytest.mark.parametrize(
    ("scale", "answer"),
    [(Scale.NPS, 11), (Scale.NPS, -1), (Scale.CSAT, 0), (Scale.CES, 8), (Scale.RATING, np.nan)],
)
def test_an_answer_off_the_scale_is_refused(scale, answer) -> None:
    with pytest.raises(ValueError, match="no answer on a scale"):
        score(scale, [answer], asked=1)


def test_nobody_answers_who_was_not_asked() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        score(Scale.CES, [1, 2, 3], asked=2)


# ------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("It takes forever to load", True),
        ("too slow", True),
        ("slow", False),
        ("", False),
        ("asdf", False),
        ("qwrt sdfg", False),
        ("??!", False),
        ("Zu teuer für uns", True),
        ("Слишком дорого", True),
    ],
)
def test_what_says_something(text, says) -> None:
    assert says_something(text) is says


def test_forms_of_a_word_are_one_and_a_negation_counts() -> None:
    assert stems("Loading loads loaded") == ["load"] * 3
    assert "not" in stems("it does not work")


# ------------------------------------------------------------------------------------------ themes


@pytest.mark.parametrize(
    ("text", "themes"),
    [
        ("Far too expensive for a small team", ("price",)),
        ("It takes forever to load", ("speed",)),
        ("The export crashed and I lost data", ("reliability", "integrations")),
        ("I don't need it right now", ("no_need",)),
        ("Please add Slack", ("missing",)),
        ("All good", ()),
        ("", ()),
    ],
)
def test_the_default_codebook(text, themes) -> None:
    assert assign([text], default_codebook()) == [themes]


def test_a_phrase_is_a_seed_only_as_a_whole() -> None:
    book = [Theme("setup", "Setup", ("set up",))]

    assert assign(["I could not set it", "setting up took days"], book) == [(), ("setup",)]


def test_confirmed_examples_teach_what_seeds_do_not_say() -> None:
    card = [
        f"my card has not {verb} yet"
        for verb in ("arrived", "come", "turned up", "shown", "got here")
    ]
    code = [
        f"I forgot my {what} and cannot log in"
        for what in ("pin", "code", "password", "login", "passcode")
    ]
    book = [Theme("card", "Card", (), tuple(card)), Theme("code", "Code", (), tuple(code))]

    assert assign(
        ["where is my card, it never arrived", "I forgot the passcode", "hello you"], book
    ) == [
        ("card",),
        ("code",),
        (),
    ]


def test_fewer_than_a_hundred_texts_propose_nothing(real_data) -> None:
    (draw,) = draws(real_data, 8, 1)

    assert propose(draw.texts) == []


def test_proposals_of_real_texts(real_data) -> None:
    """The recorded figures in small: purer with a person than alone; every quote verbatim."""
    (draw,) = draws(real_data, 15, 1)
    found = propose(draw.texts)

    assert found == propose(draw.texts)  # nothing is left to chance
    assert proposed(draw, found).purity > 0.5
    assert confirmed(draw).purity > 0.75
    for one in found:
        assert one.phrases
        assert set(one.quotes) <= {draw.texts[row] for row in one.members}
    rows = [row for one in found for row in one.members]
    assert len(rows) == len(set(rows))


# ------------------------------------------------------------------------------- inside and outside


def test_a_theme_that_a_segment_speaks_of_more() -> None:
    inside = np.arange(400) < 100
    price = np.where(inside, np.arange(400) % 2 == 0, np.arange(400) % 10 == 0)
    speed = np.arange(400) % 5 == 0
    first, second = compare_themes({"price": price, "speed": speed}, inside)

    assert (first.theme, first.inside.count, first.outside.count) == ("price", 50, 30)
    assert first.is_telling
    assert 0.4 in first.difference
    assert not second.is_telling
    assert second.q_value > 0.5


def test_a_theme_of_a_few_people_is_not_shown() -> None:
    inside = np.arange(100) < 50
    (spoken,) = compare_themes({"rare": np.arange(100) < 4}, inside)

    assert not spoken.is_shown
    assert not spoken.is_telling


def test_a_segment_of_nobody_or_everybody_differs_from_nobody() -> None:
    spoke = np.array([True, False])
    for inside in (np.zeros(2, np.bool_), np.ones(2, np.bool_)):
        (spoken,) = compare_themes({"price": spoke}, inside)
        assert spoken.q_value == 1.0
        assert spoken.difference is None
    assert compare_themes({}, spoke) == []
    with pytest.raises(ValueError, match="every respondent"):
        compare_themes({"price": spoke}, np.ones(3, np.bool_))


def test_themes_by_accident_are_told_at_most_once_in_twenty() -> None:
    rng = np.random.default_rng(5)
    runs, wrong = 200, 0
    for _ in range(runs):
        inside = rng.random(300) < 0.3
        themes = {str(n): rng.random(300) < 0.15 for n in range(8)}
        wrong += any(one.is_telling for one in compare_themes(themes, inside))

    assert wrong / runs <= 0.05


def test_words_that_tell_a_segment_apart() -> None:
    texts = ["too expensive for us"] * 20 + ["love the reports"] * 60 + ["slow and expensive"] * 2
    inside = np.arange(len(texts)) < 25
    (first, *_) = telling_words(texts, inside)

    assert first.stem == stems("expensive")[0]
    assert first.z > 2
    assert (first.inside, first.outside) == (20, 2)
    assert telling_words([], np.zeros(0, np.bool_)) == []
    assert telling_words(["one two"], np.ones(1, np.bool_)) == []
