"""RFM: buyers sorted by how recently, how often and for how much they buy.

Each of the three gives a person a grade from 1 to 5 by quintiles among the buyers; the grades make
nine segments that no buyer is in twice and that leave no buyer out (once the first midnight of the
project has set the thresholds). Who bought once has the lowest frequency, however many others did
too: quintiles alone would call most buyers of a young shop frequent, because ties are in.
"""

from __future__ import annotations

from typing import Final

from segue.language.templates.model import Parameter

_GRADES: Final = 5
LOWEST_FREQUENCY: Final = 1
"""The grade of those who bought once."""


def rfm(
    purchase: str = "purchase",
    revenue: str = "revenue",
    *,
    order: str = "",
    window: str = "365 days",
    prefix: str = "rfm_",
) -> dict[str, dict[str, object]]:
    """The nine RFM segments, as the `segments:` of a project file.

    `purchase` is the event or action; `revenue` its property with the money; `order`, where an
    event is only a line of an order, its property with the order's number; `window` how far back
    frequency and money count. Raises `UsageError` on a property or duration that is not one.
    """
    grades = _Grades(purchase, _property(revenue), _property(order), _duration(window))
    recency, frequency, money = grades.recency, grades.frequency, grades.money
    best = f"{frequency(4)} and {money(5)}"
    old = f"did {purchase} and not {recency(3)}"
    conditions = {
        "champions": f"{recency(4)} and {frequency(4)} and {money(4)}",
        "loyal": f"{recency(3)} and {frequency(4)} and not ({recency(4)} and {money(4)})",
        "potential_loyalists": f"{recency(4)} and {frequency(2)} and not {frequency(4)}",
        "new_customers": f"{recency(4)} and not {frequency(2)}",
        "need_attention": f"{recency(3)} and not {recency(4)} and not {frequency(4)}",
        "cannot_lose": f"{old} and {best}",
        "at_risk": f"{old} and {frequency(3)} and not ({best})",
        "hibernating": f"{old} and {recency(2)} and not {frequency(3)}",
        "lost": f"{old} and not {recency(2)} and not {frequency(3)}",
    }
    return {
        f"{prefix}{name}": {
            "title": _TITLES[name],
            "kind": "purchase",
            "stage": "retention",
            "when": when,
        }
        for name, when in conditions.items()
    }


def rfm_grades(
    purchase: str = "purchase", *, order: str = "", window: str = "365 days"
) -> tuple[list[str], list[str]]:
    """Conditions for people with at least the grades 2 to 5, of recency and of frequency.

    Raises as `rfm` does.
    """
    grades = _Grades(purchase, "", _property(order), _duration(window))
    better = range(2, _GRADES + 1)
    return [grades.recency(one) for one in better], [grades.frequency(one) for one in better]


_TITLES: Final = {
    "champions": "RFM: champions",
    "loyal": "RFM: loyal",
    "potential_loyalists": "RFM: potential loyalists",
    "new_customers": "RFM: new customers",
    "need_attention": "RFM: need attention",
    "cannot_lose": "RFM: cannot lose them",
    "at_risk": "RFM: at risk",
    "hibernating": "RFM: hibernating",
    "lost": "RFM: lost",
}


class _Grades:
    """Conditions that hold for people with at least a grade, 5 being the best fifth."""

    def __init__(self, purchase: str, revenue: str, order: str, window: str) -> None:
        self._purchase = purchase
        self._money = f"sum({purchase}.{revenue}) within {window}"
        orders = f"distinct({purchase}.{order})" if order else f"count({purchase})"
        self._frequency = f"{orders} within {window}"
        self._again = f"{orders} >= 2 within {window}"

    def recency(self, grade: int) -> str:
        """Bought at least that recently."""
        return f"bottom {_percent(grade)}% by time since last {self._purchase}"

    def frequency(self, grade: int) -> str:
        """Bought at least that often, grade 2 being more than once."""
        if grade == LOWEST_FREQUENCY + 1:
            return self._again
        return f"({self._again} and top {_percent(grade)}% by {self._frequency})"

    def money(self, grade: int) -> str:
        """Spent at least that much."""
        return f"top {_percent(grade)}% by {self._money}"


def _percent(grade: int) -> int:
    return 100 * (_GRADES + 1 - grade) // _GRADES


def _property(name: str) -> str:
    return Parameter("property", "property", "", "").text(name)


def _duration(text: str) -> str:
    return Parameter("window", "duration", "", "").text(text)
