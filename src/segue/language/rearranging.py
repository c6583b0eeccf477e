"""What a click does to blocks: adding, removing, joining, negating and moving them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from segue.language.blocks import LISTS, SENTENCES, Blocks, Start, completed
from segue.language.lexicon import mistake

_DEEPEST: Final = 400

OPPOSITES: Final = {
    "did": "did_not",
    "some": "some_not",
    "trait": "trait_not",
    "crossed": "crossed_not",
}
"""Sentences that say their own opposite."""
_OPPOSITE: Final = OPPOSITES | {no: yes for yes, no in OPPOSITES.items()}
_ALWAYS_THERE: Final = (None, "ever", "within", "between", "since", "before")
"""Windows that everybody has; of the others `did not` is not the opposite of `did`: it leaves out
those who have none."""


def nested(fields: Mapping[str, str]) -> Any:
    """Fields by their places (`terms.0.what.is`) as a block; what fits nowhere is left out.

    Raises `DefinitionError` where it is nested beyond all measure.
    """
    root: dict[str, Any] = {}
    for name, value in fields.items():
        steps = name.split(".")
        if len(steps) > _DEEPEST:
            raise mistake("the condition is nested too deep")
        at = root
        for step in steps[:-1]:
            inner = at.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            at = inner
        else:
            at[steps[-1]] = value
    return _listed(root)


def _listed(node: Any) -> Any:
    """Mappings whose keys are all numbers are lists, in the order of these."""
    if not isinstance(node, dict):
        return node
    parts = {key: _listed(one) for key, one in node.items()}
    if parts and all(re.fullmatch(r"\d{1,4}", key) for key in parts):
        return [parts[key] for key in sorted(parts, key=int)]
    return parts


def flat(block: Any, place: str = "") -> dict[str, str]:
    """The fields of a block by their places: the way back from `nested`."""
    if isinstance(block, str):
        return {place: block}
    items = block.items() if isinstance(block, dict) else enumerate(block)
    found: dict[str, str] = {}
    for key, one in items:
        found |= flat(one, f"{place}.{key}" if place else str(key))
    return found


def rearranged(block: Blocks, deed: str, place: str, start: Start) -> tuple[Blocks, str]:
    """The blocks after a deed (a key of `DEEDS`) at a place, complete, and where it is seen.

    A place that is none, or a deed that does not fit there, changes nothing.
    """
    root = {"root": completed(block, "condition", start)}
    steps = _steps(place)
    try:
        seen = DEEDS[deed](root, steps, start)
    except (KeyError, IndexError, TypeError):
        return root["root"], place
    return completed(root["root"], "condition", start), ".".join(map(str, seen[1:]))


def _steps(place: str) -> list[Any]:
    return ["root", *(int(one) if one.isdigit() else one for one in place.split(".") if one)]


def _get(root: Any, steps: Sequence[Any]) -> Any:
    for step in steps:
        root = root[step]
    return root


def _set(root: Any, steps: Sequence[Any], block: Any) -> None:
    _get(root, steps[:-1])[steps[-1]] = block


def _takes(root: Any, steps: Sequence[Any]) -> str:
    """What goes to a place: a key of `SENTENCES`, `LISTS`, `CHOICES` or `FIELDS`."""
    takes, at = "condition", root["root"]
    for step in steps[1:]:
        if takes in LISTS:
            takes = LISTS[takes]
        else:
            holes = SENTENCES[takes][at["is"]].holes
            takes = next(one.takes for one in holes if one.name == step)
        at = at[step]
    return takes


def takes_at(block: Blocks, place: str) -> str:
    """What goes to a place of complete blocks; "" where there is no such place."""
    try:
        return _takes({"root": block}, _steps(place))
    except (KeyError, IndexError, TypeError, StopIteration):
        return ""


def about(block: Blocks, place: str) -> tuple[list[str], str]:
    """Which events a place is about, as their fields name them, and which property: of a value the
    one that it is compared with."""
    names: list[str] = []
    path = ""
    at: Any = block
    for step in place.split("."):
        if isinstance(at, dict):
            names = at.get("names") or _names_in(at) or names
            path = at.get("path", path)
        try:
            at = at[int(step) if step.isdigit() else step]
        except (KeyError, IndexError, TypeError):
            break
    return [one for one in names if isinstance(one, str)], path if isinstance(path, str) else ""


def _names_in(block: Mapping[str, Any]) -> list[str]:
    """The events of `last E has FILTER` and of amounts, which stand beside what is about them."""
    of = block.get("what") if block.get("is") == "has" else block.get("of")
    return of.get("names", []) if isinstance(of, dict) else []


# ------------------------------------------------------------------------------------------- deeds


def _add(root: Any, steps: list[Any], start: Start) -> list[Any]:
    """A new item at the end of a list."""
    items = _get(root, steps)
    items.append(completed(None, LISTS[_takes(root, steps)], start))
    return [*steps, len(items) - 1]


def _remove(root: Any, steps: list[Any], start: Start) -> list[Any]:
    """Without this; a group of which one is left becomes that one."""
    around = steps[:-1]
    items = _get(root, around)
    if not isinstance(items, list):
        _set(root, steps, completed(None, _takes(root, steps), start))
        return steps
    del items[steps[-1]]
    group = around[:-1]
    if around[-1] == "terms" and len(items) == 1:
        _set(root, group, items[0])
        return group
    if not items:
        items.append(completed(None, LISTS[_takes(root, around)], start))
    return [*around, min(steps[-1], len(items) - 1)]


def _around(is_: str) -> Callable[[Any, list[Any], Start], list[Any]]:
    def put(root: Any, steps: list[Any], _: Start) -> list[Any]:
        _set(root, steps, {"is": is_, "term": _get(root, steps)})
        return [*steps, "term"]

    return put


def _negate(root: Any, steps: list[Any], start: Start) -> list[Any]:
    """The opposite, which the sentence says itself where it can."""
    block = _get(root, steps)
    if block["is"] == "not":
        return _unwrap(root, steps, start)
    if block["is"] in _OPPOSITE and block.get("when", {}).get("is") in _ALWAYS_THERE:
        _set(root, steps, {**block, "is": _OPPOSITE[block["is"]]})
        return steps
    return _around("not")(root, steps, start)


def _unwrap(root: Any, steps: list[Any], _: Start) -> list[Any]:
    _set(root, steps, _get(root, steps)["term"])
    return steps


def _joined(is_: str) -> Callable[[Any, list[Any], Start], list[Any]]:
    def join(root: Any, steps: list[Any], start: Start) -> list[Any]:
        """Another one beside this, in the group it stands in or a new one."""
        takes = _takes(root, steps)
        new, block = completed(None, takes, start), _get(root, steps)
        if block["is"] == is_:
            block["terms"].append(new)
            return [*steps, "terms", len(block["terms"]) - 1]
        group = _get(root, steps[:-2]) if len(steps) > 2 and steps[-2] == "terms" else {}
        if group.get("is") == is_:
            group["terms"].insert(steps[-1] + 1, new)
            return [*steps[:-1], steps[-1] + 1]
        _set(root, steps, {"is": is_, "terms": [block, new]})
        return [*steps, "terms", 1]

    return join


def _moved(by: int) -> Callable[[Any, list[Any], Start], list[Any]]:
    def move(root: Any, steps: list[Any], _: Start) -> list[Any]:
        items, place = _get(root, steps[:-1]), steps[-1]
        other = place + by
        if 0 <= other < len(items):
            items[place], items[other] = items[other], items[place]
            return [*steps[:-1], other]
        return steps

    return move


DEEDS: Final[Mapping[str, Callable[[Any, list[Any], Start], list[Any]]]] = {
    "add": _add,
    "remove": _remove,
    "and": _joined("all"),
    "or": _joined("any"),
    "negate": _negate,
    "hold": _around("held"),
    "unwrap": _unwrap,
    "up": _moved(-1),
    "down": _moved(1),
}
"""What a click can do at a place."""
