"""The latent kinds of people: what nobody who looks at the events is told.

A kind is the confounder of everything: evaluators look at prices *and* start trials, readers read
*and* do not. Rates are per week while a person is interested; chances are probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Final

PLACES: Final = ("home", "features", "product", "pricing", "blog", "video", "docs", "customers")
"""Where a visitor of the web site may go."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How people of one kind behave.

    Before they sign up: `visits` per week, `returns` (comes back after a visit), `pages` (mean per
    visit), `places` (cumulative weights over `PLACES`), `watches_demo` (on a visit to a product
    page), `requests_demo`, `fills_cart` (on a visit to the prices), `pays` (a filled cart),
    `starts` (a trial, per visit). During the trial: `onboards`, `activates` (uses core features in
    the first week), `invites` (in the first three days), `subscribes` (no cause at work). Later:
    `uses` (visits per week), `fades` (loses interest, per visit), `shares` (per visit), `cancels`
    (per month).
    """

    name: str
    share: float
    visits: float
    returns: float
    pages: float
    places: tuple[float, ...]
    watches_demo: float
    requests_demo: float
    fills_cart: float
    pays: float
    starts: float
    onboards: float
    activates: float
    invites: float
    subscribes: float
    uses: float
    fades: float
    shares: float
    cancels: float


def _places(*weights: float) -> tuple[float, ...]:
    total = sum(weights)
    return tuple(accumulate(weight / total for weight in weights))


EVALUATOR: Final = Kind(
    "evaluator", share=0.26, visits=2.6, returns=0.84, pages=4.5,
    places=_places(2, 4, 5, 5, 1, 1, 2, 2),
    watches_demo=0.12, requests_demo=0.05, fills_cart=0.05, pays=0.30, starts=0.06,
    onboards=0.50, activates=0.55, invites=0.22, subscribes=0.16,
    uses=3.2, fades=0.035, shares=0.03, cancels=0.14,
)  # fmt: skip
CHAMPION: Final = Kind(
    "champion", share=0.08, visits=3.5, returns=0.92, pages=5.0,
    places=_places(2, 3, 5, 3, 2, 2, 4, 1),
    watches_demo=0.15, requests_demo=0.06, fills_cart=0.08, pays=0.60, starts=0.20,
    onboards=0.85, activates=0.85, invites=0.50, subscribes=0.38,
    uses=6.5, fades=0.004, shares=0.12, cancels=0.04,
)  # fmt: skip
CASUAL: Final = Kind(
    "casual", share=0.20, visits=1.2, returns=0.74, pages=3.0,
    places=_places(4, 3, 3, 2, 2, 1, 1, 1),
    watches_demo=0.08, requests_demo=0.01, fills_cart=0.04, pays=0.40, starts=0.04,
    onboards=0.30, activates=0.30, invites=0.10, subscribes=0.07,
    uses=1.1, fades=0.05, shares=0.01, cancels=0.22,
)  # fmt: skip
READER: Final = Kind(
    "reader", share=0.22, visits=1.5, returns=0.88, pages=3.0,
    places=_places(2, 0.5, 0.5, 0.4, 9, 3, 1, 0.5),
    watches_demo=0.03, requests_demo=0.003, fills_cart=0.02, pays=0.30, starts=0.01,
    onboards=0.40, activates=0.35, invites=0.10, subscribes=0.08,
    uses=1.2, fades=0.05, shares=0.04, cancels=0.16,
)  # fmt: skip
SHOPPER: Final = Kind(
    "price_shopper", share=0.14, visits=2.0, returns=0.80, pages=4.0,
    places=_places(2, 2, 2, 8, 0.5, 0.5, 1, 2),
    watches_demo=0.05, requests_demo=0.02, fills_cart=0.16, pays=0.35, starts=0.025,
    onboards=0.35, activates=0.35, invites=0.10, subscribes=0.09,
    uses=1.8, fades=0.06, shares=0.01, cancels=0.14,
)  # fmt: skip
PASSER_BY: Final = Kind(
    "passer_by", share=0.10, visits=0.8, returns=0.25, pages=1.8,
    places=_places(6, 1, 1, 1, 3, 1, 0.5, 0.5),
    watches_demo=0.02, requests_demo=0.002, fills_cart=0.01, pays=0.20, starts=0.01,
    onboards=0.20, activates=0.20, invites=0.05, subscribes=0.04,
    uses=0.8, fades=0.15, shares=0.0, cancels=0.30,
)  # fmt: skip

KINDS: Final = (EVALUATOR, CHAMPION, CASUAL, READER, SHOPPER, PASSER_BY)
"""All kinds; their shares add up to one."""
