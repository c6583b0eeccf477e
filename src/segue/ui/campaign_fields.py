"""Campaigns and surveys as fields of a form, and back: the same texts as in the file.

A field is named as its place in the file is: `show.look`, `variants.0.subject`, `questions.1.ask`.
So a problem of the file is a problem of the field of that name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from segue.domain.errors import Problem

Fields: TypeAlias = Mapping[str, str]
"""What stands in the fields of a form, by name."""

ORDER: Final = (
    "title", "segment", "when", "delay", "again", "already_in", "channel", "to", "purpose",
    "transactional", "goal", "goal_within", "priority", "holdout", "sampled", "show", "subject",
    "text", "html", "heading", "body", "button", "url", "payload", "steps", "variants",
    "questions", "thanks", "caps", "tags", "window", "starts", "ends", "max_age", "approve_first",
    "enabled",
)  # fmt: skip
"""In which order a new campaign is written."""
PLAIN: Final = (
    "id", "title", "segment", "when", "schedule", "delay", "again", "already_in", "channel", "to",
    "purpose", "transactional", "goal", "goal_within", "priority", "holdout", "sampled",
    "show.look", "show.delay", "show.selector", "show.slot", "subject", "text", "html", "heading",
    "body", "button", "url", "payload", "thanks", "tags", "window.from", "window.to",
    "window.days", "starts", "ends", "max_age", "approve_first", "enabled",
)  # fmt: skip
"""The fields that a form has once."""
OF_EACH: Final[Mapping[str, tuple[str, ...]]] = {
    "show.on": ("kind", "value", "where"),
    "steps": ("text", "url", "done"),
    "variants": (
        "id", "weight", "subject", "text", "html", "heading", "body", "button", "url", "payload",
    ),
    "questions": ("id", "kind", "ask", "choices", "scale", "required", "then"),
    "caps": ("at_most", "within", "channel", "tag"),
}  # fmt: skip
"""The fields of each of a group."""
GROUPS: Final = tuple(OF_EACH)
"""What a form may have several of."""
LABELS: Final = {
    "segment": "Segment", "when": "It speaks", "delay": "So long after that",
    "again": "The same person again after", "already_in": "Who is in already",
    "channel": "Channel", "to": "Address", "subject": "Subject", "text": "Plain text",
    "html": "HTML", "heading": "Heading", "body": "Text", "button": "On the button",
    "url": "Where it leads", "payload": "What is handed over", "steps": "Add a step",
    "goal": "Goal", "goal_within": "Within", "holdout": "Held out", "priority": "Priority",
    "selector": "Beside the element", "slot": "Name of the slot", "questions": "Add a question",
    "ask": "The question", "choices": "Choices", "then": "What follows", "scale": "Highest rating",
    "starts": "Starts", "ends": "Ends", "tags": "Tags", "caps": "Cap it", "sampled": "Share asked",
}  # fmt: skip
"""What a reader of the form sees of a key of the file."""
_NUMBERS: Final = ("priority", "approve_first", "weight", "scale", "at_most")
_TRUTHS: Final = ("transactional", "enabled", "required")
_LISTS: Final = {"choices": "\n", "tags": ","}
_SCHEDULE: Final = "schedule"
_NAMED: Final = re.compile(r"`(\w+)`")


# ------------------------------------------------------------------------------- form to file


def entry_of(fields: Fields) -> dict[str, Any]:
    """What the file has of a filled-in form; empty fields are left out."""
    tree: dict[str, Any] = {}
    for name, text in fields.items():
        plain = text.replace("\r\n", "\n")
        if plain.strip() and name != "id":
            _put(tree, name.split("."), plain)
    made = {key: _read(key, value) for key, value in _listed(tree).items()}
    schedule = made.pop(_SCHEDULE, "")
    if made.get("when") == _SCHEDULE:
        made["when"] = {_SCHEDULE: schedule}
    return {key: made[key] for key in ORDER if key in made}


def _put(tree: dict[str, Any], path: Sequence[str], text: str) -> None:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            return
        tree = below
    tree[path[-1]] = text


def _listed(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree with lists where its keys are numbers."""
    made: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            below = _listed(value)
            numbered = below and all(one.isdecimal() for one in below)
            made[key] = [below[n] for n in sorted(below, key=int)] if numbered else below
        else:
            made[key] = value
    return made


def _read(key: str, value: Any) -> Any:
    """The value of a field as it stands in the file."""
    match value:
        case str():
            return _plain(key, value)
        case list() if key == "variants":
            return dict(_variant(n, one) for n, one in enumerate(value, start=1))
        case list() if key == "on":
            return [_trigger(one) for one in value]
        case list():
            return [_read("", one) for one in value]
        case _:
            return {name: _read(name, one) for name, one in value.items()}


def _plain(key: str, text: str) -> Any:
    stripped = text.strip()
    if key in _NUMBERS and re.fullmatch(r"-?\d{1,9}", stripped):
        return int(stripped)
    if key in _TRUTHS:
        return stripped == "true"
    if key in _LISTS:
        return [one.strip() for one in text.split(_LISTS[key]) if one.strip()]
    if key == "then":
        return dict(_branch(line) for line in text.splitlines() if line.strip())
    if key == "payload":
        return _json(stripped)
    return text if "\n" in text else stripped


def _branch(line: str) -> tuple[str, str]:
    answers, _, question = line.rpartition(":")
    return answers.strip(), question.strip()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _variant(number: int, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    parts = {key: _read(key, one) for key, one in given.items() if key != "id"}
    return str(given.get("id", f"variant_{number}")).strip(), parts


def _trigger(given: Mapping[str, str]) -> Any:
    kind = given.get("kind", "")
    if kind == "exit_intent":
        return kind
    where = {"where": given["where"].strip()} if given.get("where") else {}
    return {kind: given.get("value", "").strip()} | where


# ------------------------------------------------------------------------------- file to form


def fields_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """The fields of what a file has, as Segue reads it: every plain value is a text."""
    return dict(_fields("", entry))


def _fields(prefix: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        yield from _field(f"{prefix}{key}", str(key), value)


def _field(name: str, key: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case _ if key == "payload":
            yield name, value if isinstance(value, str) else _written(value)
        case {"schedule": schedule} if key == "when":
            yield from ((name, _SCHEDULE), (_SCHEDULE, str(schedule)))
        case Mapping() if key == "variants":
            for n, (id_, parts) in enumerate(value.items()):
                yield f"{name}.{n}.id", str(id_)
                yield from _fields(f"{name}.{n}.", parts or {})
        case Mapping() if key == "then":
            yield name, "\n".join(f"{answers}: {to}" for answers, to in value.items())
        case Mapping():
            yield from _fields(f"{name}.", value)
        case list():
            yield from _items(name, key, value)
        case _:
            yield name, str(value)


def _items(name: str, key: str, values: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for n, one in enumerate(values):
        if key == "on":
            yield from _fields(f"{name}.{n}.", _waited_for(one))
        elif isinstance(one, Mapping):
            yield from _fields(f"{name}.{n}.", one)
    if all(isinstance(one, str) for one in values) and key != "on":
        yield name, "\n".join(values) if key == "choices" else ", ".join(values)


def _waited_for(trigger: Any) -> dict[str, Any]:
    if not isinstance(trigger, Mapping):
        return {"kind": trigger}
    kind = next((key for key in trigger if key != "where"), "")
    where = {"where": trigger["where"]} if "where" in trigger else {}
    return {"kind": kind, "value": trigger.get(kind)} | where


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


# ------------------------------------------------------------------------------- problems


def by_field(
    problems: Sequence[Problem], place: str, entry: Mapping[str, Any], names: Sequence[str]
) -> dict[str, list[Problem]]:
    """The problems of what stands at `place` in the file (`campaigns.offer`) by the field that each
    belongs to, of the fields with these names; those of none under ""."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        said = replace(problem, message=in_words_of_the_form(problem.message))
        found.setdefault(_field_of(problem, place, entry, names), []).append(said)
    return found


def in_words_of_the_form(message: str) -> str:
    """A message about the file as a reader of the form understands it: keys by their labels."""
    return _NAMED.sub(lambda key: f"“{LABELS[key[1]]}”" if key[1] in LABELS else key[0], message)


def label_of(field: str) -> str:
    """What a reader sees of a field: `Text`, `Question 2: Choices`."""
    first, _, rest = field.partition(".")
    last = field.rpartition(".")[2]
    label = LABELS.get(last, last.replace("_", " ").capitalize())
    number = re.search(r"\.(\d+)\.", field)
    kinds = {"questions": "Question", "variants": "Variant", "caps": "Cap", "steps": "Step"}
    if number is None or not rest:
        return label
    return f"{kinds.get(first, 'Trigger')} {int(number[1]) + 1}: {label}"


def _field_of(problem: Problem, place: str, entry: Mapping[str, Any], names: Sequence[str]) -> str:
    parts = re.sub(r"\[(\d+)\]", r".\1", problem.where.removeprefix(place).lstrip(".")).split(".")
    if parts[0] == "variants" and len(parts) > 1:
        ids = list(entry.get("variants", {}))
        parts[1] = str(ids.index(parts[1])) if parts[1] in ids else parts[1]
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in names:
            return name
    base = ".".join(part for part in parts if part)
    said = [f"{base}.{one}".lstrip(".") for one in _NAMED.findall(problem.message)]
    inside = (name for name in names if base and name.startswith(f"{base}."))
    return next((one for one in said if one in names), next(inside, ""))


# ------------------------------------------------------------------------------- several of a kind


def field_names(fields: Fields) -> list[str]:
    """All fields that the form has."""
    several = [
        f"{group}.{n}.{name}"
        for group, names in OF_EACH.items()
        for n in range(how_many(fields, group))
        for name in names
    ]
    return [*PLAIN, *several]


def how_many(fields: Fields, group: str) -> int:
    """How many of a group the form has."""
    numbered = re.compile(rf"{re.escape(group)}\.(\d+)\.")
    numbers = [int(found[1]) for name in fields if (found := numbered.match(name))]
    return max(numbers, default=-1) + 1


def moved(fields: Fields, group: str, place: int, to: int) -> dict[str, str]:
    """The fields with two of a group in each other's place."""
    other = {place: to, to: place}
    return {_renumbered(name, group, lambda n: other.get(n, n)): v for name, v in fields.items()}


def without(fields: Fields, group: str, place: int) -> dict[str, str]:
    """The fields without one of a group; those after it move up."""
    left = {k: v for k, v in fields.items() if not k.startswith(f"{group}.{place}.")}
    return {_renumbered(name, group, lambda n: n - (n > place)): v for name, v in left.items()}


def _renumbered(name: str, group: str, number: Any) -> str:
    found = re.match(rf"{re.escape(group)}\.(\d+)\.", name)
    if found is None:
        return name
    return f"{group}.{number(int(found[1]))}.{name[found.end() :]}"
