"""What may come next while a condition is written: the parser says which words could stand at a
place, and the project and its data which names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lark import Token
from lark.exceptions import LarkError

from segue.domain.errors import DefinitionError
from segue.language.lexicon import is_bare, quote, unquote, write_name
from segue.language.parse import reading
from segue.language.text import segment_text

MOST: Final = 50
"""Proposals for one place."""


@dataclass(frozen=True, slots=True)
class Known:
    """What can be named: actions and segments of the project; events with how often they occurred,
    most frequent first; properties by event; traits; and the values that a property of some events
    had, most frequent first."""

    actions: Sequence[str] = ()
    segments: Sequence[str] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    properties: Mapping[str, Sequence[str]] = field(default_factory=dict)
    traits: Sequence[str] = ()
    of_action: Mapping[str, Sequence[str]] = field(default_factory=dict)
    values: Callable[[Sequence[str], str], Sequence[str]] = lambda _events, _property: ()

    def meant(self, names: Iterable[str]) -> list[str]:
        """The events behind names of events and actions; of none, all."""
        found = [one for name in names for one in self.of_action.get(name, (name,))]
        return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that could stand there: as it is written, and what it is."""

    text: str
    what: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """What could stand in place of `text[start:end]`."""

    start: int
    end: int
    found: tuple[Proposal, ...]


def proposals(text: str, at: int, known: Known) -> Proposals:
    """What may stand at the character `at` of a condition, in place of the word before it."""
    start = _word_before(text[:at])
    before = _Before.of(text[:start])
    if before is None:
        return Proposals(at, at, ())
    start, names = before.names(start, known)
    begun = text[start:at].lstrip('"').casefold()
    found = [*names, *(Proposal(one, "") for one in sorted(_words(before.accepted)))]
    return Proposals(start, at, _beginning(begun, found))


def names_for(
    takes: str, known: Known, events: Sequence[str] = (), path: str = ""
) -> list[Proposal]:
    """What can stand in a field that takes an event, a property, a trait, a segment or a value; of
    a property of these events (none: of all)."""
    match takes:
        case "event":
            return [*_actions(known), *_events(known)]
        case "property":
            return [Proposal(write_name(one), "property") for one in _properties(known, events)]
        case "trait":
            return [Proposal(write_name(one), "trait") for one in known.traits]
        case "segment":
            return [Proposal(segment_text(one), "segment") for one in known.segments]
        case "literal" | "text":
            return [Proposal(one, "value") for one in known.values(known.meant(events), path)]
        case _:
            return []


def beginning(begun: str, found: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Those that begin so, then those that have it somewhere; at most `MOST`."""
    return _beginning(begun.lstrip('"').casefold(), found)


def _beginning(begun: str, found: Sequence[Proposal]) -> tuple[Proposal, ...]:
    plain = [(one.text.strip('"').casefold(), one) for one in found]
    first = [one for text, one in plain if text.startswith(begun)]
    later = [one for text, one in plain if begun in text and not text.startswith(begun)]
    return tuple(dict.fromkeys([*first, *later]))[:MOST]


def _actions(known: Known) -> Iterator[Proposal]:
    return (Proposal(one, "action") for one in known.actions)


def _events(known: Known) -> Iterator[Proposal]:
    for name, count in known.events.items():
        bare = is_bare(name) and name not in known.actions
        yield Proposal(name if bare else quote(name), f"{count:,} times" if count else "event")


def _properties(known: Known, events: Sequence[str]) -> list[str]:
    meant = known.meant(events)
    of = [known.properties.get(one, ()) for one in meant] or list(known.properties.values())
    return list(dict.fromkeys(name for names in of for name in names))


# --------------------------------------------------------------------------------- where it stands


def _word_before(text: str) -> int:
    """Where the word (or the open text) begins that ends the text."""
    rest = _CLOSED.sub(lambda one: "_" * len(one.group()), text)
    found = _WORD.search(rest)
    return found.start() if found else len(text)


_CLOSED: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_WORD: Final = re.compile(r'(?:"[^\n]*|[\w$\-/:]+)$')


@dataclass(frozen=True)
class _Before:
    """What stands before a place: its tokens, which may come next, and which after a name."""

    tokens: tuple[Token, ...]
    accepted: frozenset[str]
    after_name: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Before | None:
        """None where no condition begins so."""
        try:
            parser = reading(text)
            tokens = tuple(parser.exhaust_lexer())
            accepted = frozenset(parser.accepts())
            after: frozenset[str] = frozenset()
            if "NAME" in accepted:
                ahead: Any = parser.copy()
                ahead.feed_token(Token("NAME", "x"))
                after = frozenset(ahead.accepts())
        except (LarkError, DefinitionError):
            return None
        return cls(tokens, accepted, after)

    def names(self, start: int, known: Known) -> tuple[int, list[Proposal]]:
        """The names that may stand there, and from where on they would."""
        first = self._chain(len(self.tokens))
        chain = self.tokens[first:]
        before = self.tokens[first - 1].type if first else ""
        whole = (chain[0].start_pos or 0) if chain else start
        if "NAME" not in self.accepted:
            is_value = "TEXT" in self.accepted
            return start, names_for("literal", known, *self._tested()) if is_value else []
        if before in {"_IN", "EDGE"}:
            return whole, names_for("segment", known)
        if before == "_TRAIT":
            return whole, names_for("trait", known)
        if chain and [one.type for one in self.tokens[first - 2 : first]] == ["MEASURE", "_LPAR"]:
            return start, names_for("property", known, [_name(chain[0])])
        if "_IS" in self.after_name:
            return whole, names_for("property", known, self._events(len(self.tokens)))
        return start, names_for("event", known)

    def _chain(self, end: int) -> int:
        """Where the names with dots between them begin that end with a dot before `end`."""
        while end >= 2 and self.tokens[end - 1].type == "_DOT":
            end -= 2
        return end

    def _events(self, end: int) -> list[str]:
        """The names of the events that a filter around the place is about."""
        places = (i for i in range(end - 1, 0, -1) if self.tokens[i].type in {"_WHERE", "_HAS"})
        last = next(places, 0) - 1
        if last < 0:
            return []
        if self.tokens[last].type == "_RPAR":
            opened = max(i for i in range(last) if self.tokens[i].type == "_LPAR")
            return [_name(one) for one in self.tokens[opened:last] if one.type in _NAMES]
        while last >= 2 and self.tokens[last - 1].type == "_DOT":
            last -= 2
        return [_name(self.tokens[last])] if self.tokens[last].type in _NAMES else []

    def _tested(self) -> tuple[list[str], str]:
        """Of which events, and which property, a value is expected."""
        place = len(self.tokens) - 1
        while place >= 0 and self.tokens[place].type not in _OPS:
            place -= 1
        while place >= 0 and self.tokens[place].type in {*_OPS, "NOT", "_WITH"}:
            place -= 1
        first = place
        while first >= 2 and self.tokens[first - 1].type == "_DOT":
            first -= 2
        names = [_name(one) for one in self.tokens[max(first, 0) : place + 1] if one.type in _NAMES]
        return self._events(max(first, 0)), ".".join(names)


_NAMES: Final = {"NAME", "TEXT"}
_OPS: Final = {"COMPARISON", "_IN", "CONTAINS", "MATCHES", "STARTS", "ENDS"}


def _name(token: Token) -> str:
    return unquote(token) if token.type == "TEXT" else str(token)


# ------------------------------------------------------------------------------------------- words

_PHRASES: Final = {
    "_AT": ("at least", "at most"),
    "_MORE": ("more than",),
    "_FEWER": ("fewer than",),
    "DID": ("did", "did not"),
    "ACTIVE": ("active on at least",),
    "INACTIVE": ("inactive for",),
    "FOR": ("for at least",),
    "_COUNT": ("count(",),
    "MEASURE": ("sum(", "avg(", "min(", "max(", "distinct("),
    "EDGE": ("entered", "left"),
    "SIDE": ("top", "bottom"),
    "UNIT": ("seconds", "minutes", "hours", "days", "weeks"),
    "STARTS": ("starts with",),
    "ENDS": ("ends with",),
    "_IS": ("is set", "is not set", "is true", "is false"),
    "COMPARISON": ("=", "!=", "<", "<=", ">", ">="),
    "_LPAR": ("(",),
    "_RPAR": (")",),
}
_UNSAID: Final = {"NAME", "TEXT", "NUMBER", "MOMENT", "PERCENT", "_DOT", "_COMMA", "$END"}


def _words(accepted: Iterable[str]) -> set[str]:
    """The words of the language that could come."""
    said = (one for one in accepted if one not in _UNSAID)
    words = {word for one in said for word in _PHRASES.get(one, (one.strip("_").lower(),))}
    return words | {"time since last", "time since first"} if "_EVERYONE" in accepted else words
