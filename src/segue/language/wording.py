"""Event names as English: `trial_started` is "started a trial", `page_view` "viewed a page"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a person did: "saw a message" in the past, "seen a message" after "has"."""

    past: str
    participle: str


_KNOWN: Final = {
    "page": "viewed a page",
    "pageview": "viewed a page",
    "page view": "viewed a page",
    "screen": "viewed a screen",
    "screen view": "viewed a screen",
    "screenview": "viewed a screen",
    "signup": "signed up",
    "login": "logged in",
    "logout": "logged out",
    "checkout": "checked out",
    "autocapture": "clicked something",
    "identify": "been identified",
    "session started": "started a visit",
    "session ended": "ended a visit",
    "order completed": "completed an order",
    "subscription cancelled": "cancelled a subscription",
    "user created": "signed up",
    "account created": "signed up",
    "user registered": "signed up",
    "registered": "signed up",
    "email delivered": "received an email",
    "email sent": "received an email",
    "message delivered": "received a message",
    "survey shown": "seen a survey",
    "message shown": "seen a message",
}
_PARTICLES: Final = frozenset("up in out off on to down over back away".split())  # noqa: SIM905
_NO_ARTICLE: Final = _PARTICLES | {"a", "an", "the", "with", "from", "for", "something", "help"}
_IRREGULAR: Final = {
    "add": "added",
    "begin": "began/begun",
    "book": "booked",
    "browse": "browsed",
    "buy": "bought",
    "cancel": "cancelled",
    "choose": "chose/chosen",
    "click": "clicked",
    "close": "closed",
    "comment": "commented",
    "complete": "completed",
    "create": "created",
    "delete": "deleted",
    "do": "did/done",
    "download": "downloaded",
    "edit": "edited",
    "export": "exported",
    "find": "found",
    "finish": "finished",
    "follow": "followed",
    "get": "got",
    "give": "gave/given",
    "go": "went/gone",
    "import": "imported",
    "install": "installed",
    "invite": "invited",
    "join": "joined",
    "leave": "left",
    "like": "liked",
    "log": "logged",
    "make": "made",
    "open": "opened",
    "order": "ordered",
    "pay": "paid",
    "play": "played",
    "post": "posted",
    "publish": "published",
    "purchase": "purchased",
    "put": "put",
    "rate": "rated",
    "read": "read",
    "receive": "received",
    "refund": "refunded",
    "remove": "removed",
    "renew": "renewed",
    "request": "requested",
    "review": "reviewed",
    "run": "ran/run",
    "save": "saved",
    "search": "searched",
    "see": "saw/seen",
    "select": "selected",
    "sell": "sold",
    "send": "sent",
    "share": "shared",
    "show": "showed/shown",
    "sign": "signed",
    "skip": "skipped",
    "start": "started",
    "submit": "submitted",
    "subscribe": "subscribed",
    "take": "took/taken",
    "unsubscribe": "unsubscribed",
    "update": "updated",
    "upgrade": "upgraded",
    "upload": "uploaded",
    "use": "used",
    "view": "viewed",
    "visit": "visited",
    "watch": "watched",
    "win": "won",
    "write": "wrote/written",
}
"""Base form to past and participle (one form where they are equal)."""
_PAST_OF: Final = {
    form: tuple(forms.split("/")) for forms in _IRREGULAR.values() for form in forms.split("/")
}
_VOWEL = re.compile(r"(?!us|uni|ut|eu|one)[aeiou]|hour")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s_\-/:.]+")


def words_of(name: str) -> str:
    """The words of a name in lower case: `pageView`, `page_view` and `Page View` are the same."""
    return " ".join(part.lower() for part in _BOUNDARY.split(name.lstrip("$")) if part)


def phrase_of(name: str) -> Phrase:
    """What a person did who did the event; a name that is no English verb is quoted."""
    words = words_of(name)
    if words in _KNOWN:
        return _conjugated(_KNOWN[words])
    first, _, rest = words.partition(" ")
    if _is_past(first):
        return _conjugated(f"{first} {_object(rest)}".strip())
    before, _, last = words.rpartition(" ")
    if before and _is_past(last):
        return _conjugated(f"{last} {_object(before)}")
    if first in _IRREGULAR:
        return _conjugated(f"{_IRREGULAR[first].split('/')[0]} {_object(rest)}".strip())
    return Phrase(f"did “{name}”", f"done “{name}”")


def _is_past(word: str) -> bool:
    return word in _PAST_OF or (len(word) > 4 and word.endswith("ed") and not word.endswith("eed"))


def _conjugated(past: str) -> Phrase:
    verb, _, rest = past.partition(" ")
    forms = {"been": ("was", "been")}.get(verb) or _PAST_OF.get(verb, (verb,))
    return Phrase(f"{forms[0]} {rest}".strip(), f"{forms[-1]} {rest}".strip())


def _object(words: str) -> str:
    """The noun after a verb, with its article where it wants one."""
    first = words.partition(" ")[0]
    if not words or first in _NO_ARTICLE or words.endswith("s"):
        return words
    return f"{'an' if _VOWEL.match(first) else 'a'} {words}"
