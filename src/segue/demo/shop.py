"""The add-on shop: carts, orders and money back."""

from __future__ import annotations

from typing import Final

from segue.demo.life import Life, Value
from segue.domain.instant import DAY

_ITEMS: Final = (
    ("report-templates", 29), ("brand-kit", 49), ("data-pack", 99), ("training-day", 390),
    ("migration-service", 1200),
)  # fmt: skip
_ITEM_WEIGHTS: Final = (0.4, 0.65, 0.85, 0.96, 1.0)


def fill_cart(life: Life) -> None:
    """Put one or two things into the cart, and perhaps pay for them."""
    cents, items = 0, 0
    while items < 2 and (items == 0 or life.dice.one_in(0.3)):
        item, price = _ITEMS[life.dice.pick(_ITEM_WEIGHTS)]
        life.do("add_to_cart", {"item": item, "price": price})
        life.pause(50)
        cents += price * (100 - 5 * life.dice.below(3))
        items += 1
    if life.dice.one_in(0.3 + 0.7 * life.kind.pays):
        life.do("checkout_started", {"items": items})
        life.pause(90)
        if life.dice.one_in(life.kind.pays / (0.3 + 0.7 * life.kind.pays)):
            _pay(life, cents, items)


def _pay(life: Life, cents: int, items: int) -> None:
    order = f"o-{life.index:06d}-{life.clock}"
    revenue = cents / 100
    life.do("purchase", {"order_id": order, "revenue": revenue, "items": items, "currency": "EUR"})
    if life.dice.one_in(0.06):
        later = life.clock + int(life.dice.wait(5 * DAY)) + DAY
        back: dict[str, Value] = {"order_id": order, "revenue": revenue}
        life.plan(later, lambda person: person.do("purchase_refunded", back))
    if life.dice.one_in(0.4):
        life.plan_visit(_order_again, 18 * DAY)


def _order_again(life: Life) -> None:
    life.visit(life)
    fill_cart(life)
