"""The sentences of the language with holes in them: what a condition is clicked together of.

A block is a sentence such as `did {what} {times} {when}`. What stands in a hole is a field (a name,
a number, a choice) or another block; so a block and everything in it is a nested mapping, `Blocks`:
its `is` names the sentence, the other keys are the holes. `written` puts it into words, which the
parser reads: no second grammar, and no tree is made in another way. `blocks_of` in `taking_apart`
is the way back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from segue.language.canonical import MAX_DEPTH
from segue.language.lexicon import is_bare, mistake, quote, unquote, write_name
from segue.language.text import segment_text

Blocks: TypeAlias = dict[str, Any]
"""A block: `is`, and by the names of its holes texts, blocks and lists of either."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a sentence: its name in the block, and what goes there (a key of `SENTENCES`, of
    `LISTS`, of `CHOICES` or of `FIELDS`)."""

    name: str
    takes: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that can stand somewhere: how a menu names it, its words with the holes in braces,
    and the words to show beside the menu ("": the same, less what the menu says already)."""

    label: str
    words: str
    shown: str = ""

    @property
    def parts(self) -> tuple[str | Hole, ...]:
        """What stands beside the menu: words and holes in turn."""
        if self.shown:
            return _parts(self.shown)
        return _parts(self.words.removeprefix(self.label))

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes alone."""
        return tuple(one for one in _parts(self.words) if isinstance(one, Hole))


_TIMES: Final = "{size} {count:whole}"
_OF_AMOUNTS: Final = {
    "count": Sentence("the number of", "count({what:happening})", "{what:happening}"),
    "measured": Sentence(
        "a property's",
        "{measure}({of:named}.{path:property} {where})",
        "{measure} of {path:property} of {of:named} {where}",
    ),
}
_OF_EVENTS: Final = {
    "event": Sentence("the event", "{names:events} {where}"),
    "any": Sentence("any activity", "any {where}", "{where}"),
}

SENTENCES: Final[Mapping[str, Mapping[str, Sentence]]] = {
    "condition": {
        "did": Sentence("did", "did {what:happening} {times} {when}"),
        "did_not": Sentence("did not", "did not {what:happening} {times} {when}"),
        "some": Sentence(
            "did some of",
            f"did {_TIMES} of ({{several:patterns}}) {{when}}",
            f"{_TIMES} {{several:patterns}} {{when}}",
        ),
        "some_not": Sentence(
            "did not some of",
            f"did not {_TIMES} of ({{several:patterns}}) {{when}}",
            f"{_TIMES} {{several:patterns}} {{when}}",
        ),
        "active": Sentence("active on", f"active on {_TIMES} days {{when}}"),
        "inactive": Sentence("inactive for", "inactive for {duration}"),
        "younger": Sentence("first or last, lately", "{which} {what:happening} within {duration}"),
        "older": Sentence(
            "first or last, long ago", "{which} {what:happening} more than {duration} ago"
        ),
        "age": Sentence("time since", "time since {which} {what:happening} {sign} {duration}"),
        "has": Sentence("first or last, with", "{which} {what:pattern} has {filter}"),
        "amount": Sentence("an amount", "{amount} {sign} {value:number} {when}"),
        "versus": Sentence(
            "an amount against another",
            "{left:amount} {left_when:when} {sign} {share} {right:amount} {right_when:when}",
        ),
        "quantile": Sentence(
            "top or bottom share", "{side} {percent:number}% by {amount:ranked} {when}"
        ),
        "trait": Sentence("trait", "trait {path:trait} {test}"),
        "trait_not": Sentence("not trait", "not trait {path:trait} {test}"),
        "in": Sentence("in", "in {segment}"),
        "crossed": Sentence("entered or left", "{edge} {segment} {times} {when}"),
        "crossed_not": Sentence("not entered or left", "not {edge} {segment} {times} {when}"),
        "everyone": Sentence("everyone", "everyone"),
        "all": Sentence("all of", "{terms:conditions}"),
        "any": Sentence("any of", "{terms:conditions}"),
        "not": Sentence("not", "not {term:condition}"),
        "held": Sentence("for some time", "{term:condition} for at least {duration}"),
    },
    "happening": {
        **_OF_EVENTS,
        "sequence": Sentence(
            "one after another", "({first:pattern} {steps})", "{first:pattern} {steps}"
        ),
        "sequence_within": Sentence(
            "one after another, in a time",
            "({first:pattern} {steps}, all within {duration})",
            "{first:pattern} {steps} all within {duration}",
        ),
    },
    "pattern": _OF_EVENTS,
    "named": {
        "event": Sentence("the event", "{names:events}"),
        "any": Sentence("any activity", "any", " "),
    },
    "step": {
        "then": Sentence("then", "then {what:pattern}"),
        "then_within": Sentence("then, soon", "then {what:pattern} within {duration}"),
        "then_not": Sentence("then not", "then not {what:pattern} within {duration}"),
    },
    "where": {
        "none": Sentence("whatever it has", ""),
        "where": Sentence("where", "where {filter}"),
    },
    "filter": {
        "test": Sentence("the property", "{path:property} {test}"),
        "all": Sentence("all of", "({terms:filters})", "{terms:filters}"),
        "any": Sentence("any of", "({terms:filters})", "{terms:filters}"),
        "not": Sentence("not", "(not {term:filter})", "{term:filter}"),
    },
    "test": {
        "=": Sentence("=", "= {value:literal}"),
        "!=": Sentence("!=", "!= {value:literal}"),
        "<": Sentence("<", "< {value:literal}"),
        "<=": Sentence("<=", "<= {value:literal}"),
        ">": Sentence(">", "> {value:literal}"),
        ">=": Sentence(">=", ">= {value:literal}"),
        "in": Sentence("in", "in ({values:literals})", "{values:literals}"),
        "not in": Sentence("not in", "not in ({values:literals})", "{values:literals}"),
        **{
            f"{no}{op}": Sentence(f"{no}{op}", f"{no}{op} {{value:text}}")
            for op in ("contains", "starts with", "ends with", "matches")
            for no in ("", "not ")
        },
        "is set": Sentence("is set", "is set"),
        "is not set": Sentence("is not set", "is not set"),
        "is true": Sentence("is true", "is true"),
        "is false": Sentence("is false", "is false"),
        "within last": Sentence("within last", "within last {duration}"),
        "within next": Sentence("within next", "within next {duration}"),
        "before": Sentence("before", "before {moment}"),
        "after": Sentence("after", "after {moment}"),
    },
    "times": {
        "once": Sentence("at least once", ""),
        "times": Sentence("so many times", f"{_TIMES} times"),
        "days": Sentence("on so many days", f"on {_TIMES} days"),
    },
    "when": {
        "ever": Sentence("ever", ""),
        "within": Sentence("within", "within {duration}"),
        "between": Sentence("between", "between {older:duration} and {newer:duration} ago"),
        "since": Sentence("since", "since {moment}"),
        "before": Sentence("before", "before {moment}"),
        "since_event": Sentence("since an event", "since {which} {anchor:pattern}"),
        "within_after": Sentence(
            "soon after an event", "within {duration} after {which} {anchor:pattern}"
        ),
        "before_event": Sentence("before an event", "before {which} {anchor:pattern}"),
        "periods": Sentence(
            "in at least", "in at least {count:whole} of the last {of:whole} {period}"
        ),
    },
    "amount": _OF_AMOUNTS,
    "ranked": {
        **_OF_AMOUNTS,
        "time_since": Sentence("time since", "time since {which} {what:happening}"),
    },
    "share": {
        "whole": Sentence("all of", ""),
        "percent": Sentence("a share of", "{percent:number}% of"),
    },
}
"""What can stand where. The first of each is what stands there before anybody chose."""

GROUPS: Final = ("all", "any", "not", "held")
"""Sentences about other conditions (filters): they are not chosen from the menu, but put around."""

LISTS: Final = {
    "conditions": "condition",
    "filters": "filter",
    "patterns": "pattern",
    "steps": "step",
    "events": "event",
    "literals": "literal",
}
"""Lists, and what each of their items is."""

CHOICES: Final = {
    "size": ("at least", "at most", "exactly", "more than", "fewer than"),
    "which": ("last", "first"),
    "sign": (">=", ">", "=", "!=", "<=", "<"),
    "side": ("top", "bottom"),
    "edge": ("entered", "left"),
    "measure": ("sum", "avg", "min", "max", "distinct"),
    "period": ("days", "weeks"),
    "unit": ("days", "weeks", "hours", "minutes", "seconds"),
}
"""Words of which one is chosen."""

FIELDS: Final = {
    "event": "an event",
    "property": "a property",
    "trait": "a trait",
    "segment": "a segment",
    "literal": "a value",
    "text": "a text",
    "whole": "a number",
    "number": "a number",
    "duration": "a length of time",
    "moment": "a date",
}
"""What is written into a field, by what to call it."""


@dataclass(frozen=True, slots=True)
class Start:
    """What stands in new fields: the names that the data suggests ("": none)."""

    event: str = ""
    property: str = ""
    trait: str = ""
    segment: str = ""


# ----------------------------------------------------------------------------- filling what is not


def completed(given: Any, takes: str = "condition", start: Start = Start()) -> Any:
    """What was given for a place, with all its holes filled: what is missing or does not fit is as
    it would be in a new block."""
    return _completed(given, takes, start, 0)


def _completed(given: Any, takes: str, start: Start, depth: int) -> Any:
    if depth > 2 * MAX_DEPTH + 20:
        raise mistake(f"the condition is nested more than {MAX_DEPTH} levels deep")
    if takes in SENTENCES:
        return _completed_block(given if isinstance(given, dict) else {}, takes, start, depth)
    if takes in LISTS:
        items = given if isinstance(given, list) else [None]
        return [_completed(one, LISTS[takes], start, depth + 1) for one in items]
    if takes in CHOICES:
        return given if given in CHOICES[takes] else CHOICES[takes][0]
    if takes == "duration":
        block = given if isinstance(given, dict) else {}
        count, unit = block.get("count", "7"), block.get("unit")
        return {"count": count, "unit": unit if unit in CHOICES["unit"] else "days"}
    return given if isinstance(given, str) else _NEW.get(takes) or getattr(start, takes, "")


def _completed_block(given: Blocks, takes: str, start: Start, depth: int) -> Blocks:
    sentences = SENTENCES[takes]
    chosen = given.get("is")
    is_ = chosen if isinstance(chosen, str) and chosen in sentences else next(iter(sentences))
    holes = sentences[is_].holes
    return {
        "is": is_,
        **{one.name: _completed(given.get(one.name), one.takes, start, depth + 1) for one in holes},
    }


_NEW: Final = {"whole": "1", "number": "10", "moment": "2026-01-01"}


# ---------------------------------------------------------------------------------------- in words


def written(block: Blocks) -> str:
    """The condition as text. Its blocks are complete (see `completed`).

    Raises `DefinitionError` where a field is empty that must not be, or holds what cannot be there.
    """
    return _written(block, "condition")


def _written(given: Any, takes: str) -> str:
    if takes in SENTENCES:
        own = _GROUPED.get((takes, given["is"]))
        if own is not None:
            return own(given)
        return _filled(SENTENCES[takes][given["is"]].words, given)
    if takes in LISTS:
        return _listed(given, takes)
    return str(given) if takes in CHOICES else _WRITERS[takes](given)


def _filled(words: str, block: Blocks) -> str:
    """The words with their holes filled; of what is empty no space stays, and none before `)`."""
    text = ""
    for token in words.split():
        if token in _COUNTED and block.get("count") == "1":
            token = token.removesuffix("s")  # noqa: PLW2901
        filled = "".join(
            one if isinstance(one, str) else _written(block[one.name], one.takes)
            for one in _parts(token)
        )
        if filled:
            text += filled if not text or filled.startswith((")", ",")) else f" {filled}"
    return text


_COUNTED: Final = ("times", "days")
"""Words after a count; of one there is no plural."""


def _listed(items: list[Any], takes: str) -> str:
    texts = [_written(one, LISTS[takes]) for one in items]
    if takes == "events":
        several = f"any of ({', '.join(texts)})"
        return several if len(texts) > 1 else texts[0] if texts else "any"
    if not texts:
        raise mistake("a part is missing: add one")
    return (" " if takes == "steps" else ", ").join(texts)


def _terms(block: Blocks) -> list[Blocks]:
    if not block["terms"]:
        raise mistake("a group is empty: add a condition to it, or remove it")
    terms: list[Blocks] = block["terms"]
    return terms


def _every(block: Blocks) -> str:
    return " and ".join(_bracketed(term, "any") for term in _terms(block))


def _some(block: Blocks) -> str:
    return " or ".join(_written(term, "condition") for term in _terms(block))


def _negated(block: Blocks) -> str:
    return f"not {_bracketed(block['term'], 'all', 'any', 'held')}"


def _held(block: Blocks) -> str:
    duration = _duration(block["duration"])
    return f"{_bracketed(block['term'], 'all', 'any')} for at least {duration}"


def _bracketed(term: Blocks, *looser: str) -> str:
    text, inner = _written(term, "condition"), _alone(term)
    return f"({text})" if inner["is"] in looser else text


def _alone(block: Blocks) -> Blocks:
    """The block, or what alone is in it."""
    while block["is"] in {"all", "any"} and len(block["terms"]) == 1:
        block = block["terms"][0]
    return block


def _grouped_filter(block: Blocks) -> str:
    terms = _terms(block)
    if len(terms) == 1:
        return _written(terms[0], "filter")
    joined = " and " if block["is"] == "all" else " or "
    return f"({joined.join(_inside(term) for term in terms)})"


def _inside(term: Blocks) -> str:
    """A filter within parentheses, where `not` needs none of its own."""
    text = _written(term, "filter")
    return text[1:-1] if _alone(term)["is"] == "not" else text


_GROUPED: Final = {
    ("condition", "all"): _every,
    ("condition", "any"): _some,
    ("condition", "not"): _negated,
    ("condition", "held"): _held,
    ("filter", "all"): _grouped_filter,
    ("filter", "any"): _grouped_filter,
}


# ---------------------------------------------------------------------------------------- in fields

NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
"""A number as the language writes it."""
_TEXT: Final = re.compile(r'"(?:[^"\\\n\r]|\\[^\n\r])*"')
_PATH: Final = re.compile(rf"(?:[\w$\-/:]+|{_TEXT.pattern})(?:\.(?:[\w$\-/:]+|{_TEXT.pattern}))*")
_KEY: Final = re.compile(rf"{_TEXT.pattern}|[\w$\-/:]+")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ][\d:.]+(?:[Zz]|[+-]\d\d:?\d\d)?)?")


def field_of_text(text: str) -> str:
    """A text as it stands in a field: as it is, or in quotes where it would not be read so."""
    quoted = quote(text)
    plain = quoted == f'"{text}"' and text == text.strip() and not NUMBER.fullmatch(text)
    return text if plain else quoted


def field_of_event(text: str, *, quoted: bool) -> str:
    """An event's name as it stands in a field; in quotes where that makes a difference."""
    needless = not is_bare(text) and field_of_text(text) == text
    return text if needless or not quoted else quote(text)


def field_of_segment(segment: str) -> str:
    """A segment's id as it stands in a field."""
    quoted = quote(segment)
    return segment if quoted == f'"{segment}"' and segment == segment.strip() else quoted


def _present(given: str, takes: str) -> str:
    if not given.strip():
        raise mistake(f"{FIELDS[takes]} is missing")
    return given.strip()


def _event(given: str) -> str:
    name = _present(given, "event")
    return name if _TEXT.fullmatch(name) else write_name(name)


def _path(takes: str) -> Any:
    def path(given: str) -> str:
        name = _present(given, takes)
        if not _PATH.fullmatch(name):
            return quote(name)
        keys = _KEY.findall(name)
        return ".".join(one if one.startswith('"') else write_name(one) for one in keys)

    return path


def _segment(given: str) -> str:
    name = _present(given, "segment")
    return segment_text(unquote(name) if _TEXT.fullmatch(name) else name)


def _literal(given: str) -> str:
    return given.strip() if NUMBER.fullmatch(given.strip()) else _text(given)


def _text(given: str) -> str:
    return given.strip() if _TEXT.fullmatch(given.strip()) else quote(given)


def _number(given: str) -> str:
    number = _present(given, "number")
    if not NUMBER.fullmatch(number):
        raise mistake(f"{number} is not a number")
    return number


def _duration(given: Mapping[str, str]) -> str:
    count = _number(given["count"])
    return f"{count} {given['unit'].removesuffix('s') if count == '1' else given['unit']}"


def _moment(given: str) -> str:
    moment = _present(given, "moment")
    if not _MOMENT.fullmatch(moment):
        raise mistake(f"{moment} is not a date", expected=("a date like 2026-05-31",))
    return moment


_WRITERS: Final[Mapping[str, Any]] = {
    "event": _event,
    "property": _path("property"),
    "trait": _path("trait"),
    "segment": _segment,
    "literal": _literal,
    "text": _text,
    "whole": _number,
    "number": _number,
    "duration": _duration,
    "moment": _moment,
}


# ------------------------------------------------------------------------------------------- words


@cache
def _parts(words: str) -> tuple[str | Hole, ...]:
    """The words and the holes of a sentence, in turn."""
    found: list[str | Hole] = []
    for one in _PART.findall(words):
        if one.startswith("{"):
            name, _, takes = one[1:-1].partition(":")
            found.append(Hole(name, takes or name))
        elif one.strip():
            found.append(one.strip() if " " in words else one)
    return tuple(found)


_PART: Final = re.compile(r"\{[^}]*\}|[^{}]+")
