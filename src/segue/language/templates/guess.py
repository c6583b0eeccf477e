"""Which of anybody's events are the standard actions: an offer to confirm, with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from segue.language.templates.catalogue import read_yaml

Words = tuple[str, ...]

LEAST: Final = 0.5
"""Below this confidence an event is not offered at all."""

NEAR: Final = 0.1
"""Events that look like an action nearly as much as the best are all taken for it."""

MOST: Final = 12
"""At most so many events, the first ones, are one action."""

_SPLIT: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "e", "y")
_SAME: Final = {"canceled": "cancel", "cancelled": "cancel", "cancellation": "cancel",
                "signup": "sign up", "pageview": "page view", "e mail": "email",
                "basket": "cart", "onboard": "onboarding", "sent": "send", "ran": "run",
                "blogpost": "blog post"}  # fmt: skip
_PATHS: Final = (
    "path", "$pathname", "pathname", "page_path", "url", "$current_url", "page_location",
)  # fmt: skip
_MONEY: Final = (
    "revenue", "amount", "total", "value", "price", "order_total", "total_price", "sales",
)  # fmt: skip
_ORDERS: Final = (
    "order_id", "orderid", "invoiceno", "invoice_no", "invoice_id", "transaction_id",
    "order_number", "order",
)  # fmt: skip
_MACHINES: Final = frozenset(
    ("bounce", "cron", "expire", "import", "invoice", "job", "renew", "renewal", "sync", "webhook")
)
_FURNITURE: Final = frozenset(
    (
        "about", "auth", "autocapture", "billing", "cart", "checkout", "click", "consent", "cookie",
        "coupon", "delivery", "email", "error", "exception", "experiment", "feature", "flag",
        "help", "home", "identify", "login", "logout", "newsletter", "notification", "order",
        "page", "pageleave", "paid", "payment", "product", "rageclick", "screen", "scroll",
        "search", "session", "settings", "sign", "subscription", "view", "vitals", "wishlist",
    )
)  # fmt: skip
"""Words of events that every site or shop has, and nobody comes for."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What an action probably is: `events` (or, of those that satisfy `where`, a part of them),
    a confidence from 0 to 1, and the reason in words."""

    events: tuple[str, ...]
    confidence: float
    reason: str
    where: str = ""

    @property
    def pattern(self) -> str:
        """The event pattern to write under `actions:`. Names are quoted, so that they are events
        even where an action has the same name."""
        names = [_quoted(name) for name in self.events]
        pattern = names[0] if len(names) == 1 else f"any of ({', '.join(names)})"
        return f"{pattern} where {self.where}" if self.where else pattern


@dataclass(frozen=True, slots=True)
class _Action:
    name: str
    means: str
    names: tuple[tuple[str, Words], ...]
    never: frozenset[str]
    pages: tuple[str, ...]
    one: bool
    plain: bool


def standard_actions() -> dict[str, str]:
    """The standard actions and what each means."""
    return {action.name: action.means for action in _actions()}


def guess_actions(
    event_names: Sequence[str], properties: Mapping[str, Iterable[str]] | None = None
) -> dict[str, Guess]:
    """What the standard actions probably are in a log with these events.

    `event_names` are best in order of frequency; `properties` are the property names of each event.
    Actions for which nothing looks right are left out.
    """
    properties = properties or {}
    found: dict[str, Guess] = {}
    for action in _actions():
        guess = _by_name(action, event_names)
        if guess is not None:
            found[action.name] = guess
    for action in _actions():
        if action.name not in found and action.pages and "page_view" in found:
            part = _by_path(action, found["page_view"], properties)
            if part is not None:
                found[action.name] = part
    if not found.keys() & {"core_feature", "lesson"}:
        rest = _most_used(event_names, found)
        if rest is not None:
            found["core_feature"] = rest
    return found


def guess_parameters(
    actions: Mapping[str, Guess], properties: Mapping[str, Iterable[str]]
) -> dict[str, str]:
    """The property names that templates ask for: `revenue` and `order` of the purchases. A name
    that no event has is empty."""
    purchase = actions.get("purchase")
    events = purchase.events if purchase else ()
    return {
        "revenue": _property_of(events, properties, _MONEY),
        "order": _property_of(events, properties, _ORDERS),
    }


def guess_not_activity(event_names: Sequence[str], actions: Mapping[str, Guess]) -> list[str]:
    """Events that happen to people without their doing: renewals, nightly jobs, e-mails sent."""
    done_to = {
        event
        for action in ("email_delivered", "trial_ended")
        for event in (actions[action].events if action in actions else ())
    }
    machines = {_stem(word) for word in _MACHINES}
    return [name for name in event_names if name in done_to or machines & set(words(name))]


@lru_cache(maxsize=1 << 16)
def words(name: str) -> Words:
    """The words of an event name, lower case, without English endings: `OrderCompleted` and
    `order_complete` are both `("order", "complet")`."""
    spaced = " ".join(_SPLIT.findall(name)).lower()
    for written, meant in _SAME.items():
        spaced = re.sub(rf"\b{written}\b", meant, spaced)
    return tuple(_stem(word) for word in spaced.split())


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


@cache
def _actions() -> tuple[_Action, ...]:
    return tuple(
        _Action(
            entry["action"],
            entry["means"],
            tuple((name, words(name)) for name in entry["names"]),
            frozenset(_stem(word) for word in entry.get("never", ())),
            tuple(entry.get("page", ())),
            entry.get("one", False),
            entry.get("plain", False),
        )
        for entry in read_yaml("actions.yaml")
    )


def _by_name(action: _Action, event_names: Sequence[str]) -> Guess | None:
    scored = []
    for event in event_names:
        confidence, phrase = _likeness(action, words(event))
        if confidence >= LEAST:
            scored.append((confidence, phrase, event))
    if not scored:
        return None
    best = max(confidence for confidence, _, _ in scored)
    near = [one for one in scored if one[0] >= best - (0 if action.one else NEAR)]
    near = near[: 1 if action.one else MOST]
    events = tuple(event for _, _, event in near)
    confidence, phrase, event = max(near, key=lambda one: one[0])
    reason = f"{event!r} reads like {phrase!r}"
    if len(near) > 1:
        reason += f", and {len(near) - 1} more like it"
    return Guess(events, round(confidence, 2), reason)


def _likeness(action: _Action, event: Words) -> tuple[float, str]:
    """How much an event's words look like one of the action's names (0 to 1), and which.

    The same words: 1.0, or 0.95 in another order; all words of the name and some more: less with
    every word more; a name of a single word is a weak sign among others.
    """
    event = tuple(word for word in event if not word.isdigit())
    if not event or action.never & set(event):
        return 0.0, ""
    best = (0.0, "")
    for position, (phrase, name) in enumerate(action.names):
        if event == name:
            score = 1.0
        elif sorted(event) == sorted(name):
            score = 0.95
        elif set(name) <= set(event):
            score = (0.9 if len(name) > 1 else 0.7) - 0.1 * (len(event) - len(name))
        else:
            continue
        if len(name) == 1 and position and not action.plain:  # it may mean anything
            score -= 0.15
        best = max(best, (score, phrase), key=lambda one: one[0])
    return best


def _by_path(
    action: _Action, page_view: Guess, properties: Mapping[str, Iterable[str]]
) -> Guess | None:
    path = _property_of(page_view.events, properties, _PATHS)
    if not path:
        return None
    tests = [f'{path} contains "/{page}"' for page in action.pages]
    where = tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"
    reason = f"pages with /{' or /'.join(action.pages)} in {path}"
    return Guess(page_view.events, 0.6, reason, where)


def _most_used(event_names: Sequence[str], found: Mapping[str, Guess]) -> Guess | None:
    """What is no other action and no furniture of a site is, if anything, what people come for."""
    taken = {event for guess in found.values() for event in guess.events}
    furniture = {_stem(word) for word in _FURNITURE | _MACHINES}
    rest = [
        event
        for event in event_names
        if event not in taken
        and not event.startswith("$")
        and any(letter.isalpha() for letter in event)
        and not furniture & set(words(event))
    ]
    if not rest:
        return None
    return Guess(tuple(rest[:5]), 0.3, "the most frequent events that are nothing else")


def _property_of(
    events: Iterable[str], properties: Mapping[str, Iterable[str]], wanted: Sequence[str]
) -> str:
    known = {name.lower(): name for event in events for name in properties.get(event, ())}
    return next((_key(known[name]) for name in wanted if name in known), "")


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _key(path: str) -> str:
    return path if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", path) else _quoted(path)
