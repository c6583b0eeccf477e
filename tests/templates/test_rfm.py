"""RFM writes nine segments: every buyer is in exactly one."""

import itertools
import re

import pytest

from segue.domain.errors import UsageError
from segue.language.parse import parse_condition
from segue.language.templates import rfm

GRADE = re.compile(
    r"(bottom|top) (20|40|60|80)% by (?:time since last sale|(count|sum)\(sale(?:\.amount)?\) within 90 days)"
)


def _holds(when: str, recency: int, frequency: int, money: int) -> bool:
    """Whether the condition holds for a buyer with these grades (5 is the best fifth)."""

    def grade(found: re.Match[str]) -> str:
        least = 6 - int(found[2]) // 20
        mine = {None: recency, "count": frequency, "sum": money}[found[3]]
        return str(mine >= least)

    when = when.replace("count(sale) >= 2 within 90 days", str(frequency >= 2))
    return bool(eval(GRADE.sub(grade, when).replace("did sale", "True")))


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, object]]:
    return rfm("sale", "amount", window="90 days")


def test_the_segments_have_the_usual_names(written) -> None:
    """Champions first, the lost last."""
    assert list(written) == [
        "rfm_champions",
        "rfm_loyal",
        "rfm_potential_loyalists",
        "rfm_new_customers",
        "rfm_need_attention",
        "rfm_cannot_lose",
        "rfm_at_risk",
        "rfm_hibernating",
        "rfm_lost",
    ]


def test_every_condition_parses(written) -> None:
    """They are the language's own quantiles."""
    for segment in written.values():
        assert parse_condition(segment["when"])


@pytest.mark.parametrize("grades", list(itertools.product(range(1, 6), repeat=3)), ids=str)
def test_every_buyer_is_in_exactly_one(written, grades: tuple[int, int, int]) -> None:
    """The 125 combinations of grades are dealt out completely and once."""
    holding = [name for name, segment in written.items() if _holds(segment["when"], *grades)]

    assert len(holding) == 1


@pytest.mark.parametrize(
    ("grades", "segment"),
    [
        ((5, 5, 5), "champions"),
        ((4, 4, 4), "champions"),
        ((5, 5, 2), "loyal"),
        ((3, 5, 5), "loyal"),
        ((5, 2, 2), "potential_loyalists"),
        ((5, 1, 5), "new_customers"),
        ((3, 3, 3), "need_attention"),
        ((1, 5, 5), "cannot_lose"),
        ((2, 3, 3), "at_risk"),
        ((2, 2, 1), "hibernating"),
        ((1, 1, 1), "lost"),
    ],
)
def test_the_segments_mean_what_they_are_called(written, grades, segment: str) -> None:
    """A recent, frequent and generous buyer is a champion, and so on."""
    assert _holds(written[f"rfm_{segment}"]["when"], *grades)


def test_lines_of_orders_are_counted_as_orders() -> None:
    """With the property of the order's number, frequency is distinct orders."""
    segments = rfm("item_purchased", "amount", order="Invoice No", prefix="r_")

    assert (
        'distinct(item_purchased."Invoice No") within 365 days' in segments["r_champions"]["when"]
    )
    assert parse_condition(segments["r_champions"]["when"])


@pytest.mark.parametrize("wrong", [{"revenue": 'a"b'}, {"window": "a year"}, {"order": "x\n"}])
def test_what_is_no_property_or_duration_is_refused(wrong: dict[str, str]) -> None:
    """Nothing odd gets into a condition."""
    with pytest.raises(UsageError):
        rfm(**wrong)
