"""The templates that ship with Segue: read, chosen and filled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ruamel.yaml import YAML

from segue.domain.errors import NotFoundError, UsageError
from segue.language.templates.model import (
    Form,
    Level,
    Parameter,
    Piece,
    Shape,
    Template,
    put,
)

_FILES: Final = ("segments.yaml", "graded.yaml")


@cache
def catalogue() -> tuple[Template, ...]:
    """Every template, segments first, in the order of the shipped files."""
    return tuple(_template(entry) for name in _FILES for entry in read_yaml(name))


def read_yaml(name: str) -> list[dict[str, Any]]:
    """One of the data files of this package, a list of mappings."""
    text = (files(__package__) / name).read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(text)
    return entries


def template(template_id: str) -> Template:
    """The template with that id. Raises `NotFoundError` where there is none."""
    for one in catalogue():
        if one.id == template_id:
            return one
    raise NotFoundError(
        f"there is no template {template_id!r}",
        hint="templates are " + ", ".join(one.id for one in catalogue()),
    )


def applicable(
    actions: Collection[str], parameters: Mapping[str, object] | None = None
) -> tuple[Template, ...]:
    """The templates that can be filled for people who have these actions. Of several journeys only
    the first: a project has one."""
    found = [one for one in catalogue() if _form(one, actions, parameters or {}) is not None]
    journeys = [one for one in found if one.shape is Shape.JOURNEY]
    return tuple(one for one in found if one not in journeys[1:])


def fill(
    chosen: Template,
    parameters: Mapping[str, object] | None = None,
    actions: Collection[str] | None = None,
) -> Piece:
    """The piece of a project file that a template writes, in its best form for these actions.

    Without `actions` it may use all the standard ones. Parameters that are not given have their
    defaults. A segment is `{title, kind, stage, when}`, a ladder `{title, kind, levels}`, a goal
    `{event, within}`, a journey a list of `{stage, when}`. Raises `UsageError` where an action is
    missing or a value is not of its kind.
    """
    parameters = parameters or {}
    form = _form(chosen, actions, parameters)
    if form is None:
        raise UsageError(
            f"the template {chosen.id!r} needs the actions {', '.join(chosen.needs)}",
            hint="bind them under actions: in segue.yaml",
        )
    return _SHAPES[chosen.shape](chosen, form, chosen.values(parameters))


def starter(
    actions: Collection[str], parameters: Mapping[str, object] | None = None
) -> dict[str, Piece]:
    """Everything that can be filled for these actions, as sections of a project file: `goals`,
    `journey`, `ladders`, `segments`; sections that would be empty are left out."""
    goals: dict[str, object] = {}
    ladders: dict[str, object] = {}
    segments: dict[str, object] = {}
    journey: list[dict[str, object]] = []
    homes = {Shape.GOAL: goals, Shape.LADDER: ladders, Shape.SEGMENT: segments}
    for one in applicable(actions, parameters):
        piece = fill(one, parameters, actions)
        if isinstance(piece, list):
            journey = piece
        else:
            homes[one.shape][one.id] = piece
    sections: dict[str, Piece] = {
        "goals": goals,
        "journey": journey,
        "ladders": ladders,
        "segments": segments,
    }
    return {name: section for name, section in sections.items() if section}


def _form(
    chosen: Template, actions: Collection[str] | None, parameters: Mapping[str, object]
) -> Form | None:
    values = chosen.values(parameters)
    for form in chosen.forms:
        if form.usable(form.needs if actions is None else actions, values):
            return form
    return None


def _segment(chosen: Template, form: Form, values: Mapping[str, str]) -> Piece:
    return {
        "title": chosen.title,
        "kind": chosen.kind,
        "stage": chosen.stage,
        "when": put(form.when, values),
    }


def _ladder(chosen: Template, form: Form, values: Mapping[str, str]) -> Piece:
    levels = [
        {"level": one.level, "title": one.title, "when": put(one.when, values)}
        for one in form.levels
    ]
    return {"title": chosen.title, "kind": chosen.kind, "levels": levels}


def _journey(_: Template, form: Form, values: Mapping[str, str]) -> Piece:
    return [{"stage": one.level, "when": put(one.when, values)} for one in form.levels]


def _goal(_: Template, form: Form, values: Mapping[str, str]) -> Piece:
    return {"event": form.event, "within": values["within"]}


_SHAPES: Final = {
    Shape.SEGMENT: _segment,
    Shape.LADDER: _ladder,
    Shape.JOURNEY: _journey,
    Shape.GOAL: _goal,
}


def _template(entry: Mapping[str, Any]) -> Template:
    return Template(
        id=entry["id"],
        shape=Shape(entry.get("shape", "segment")),
        title=entry["title"],
        kind=entry.get("kind", ""),
        stage=entry.get("stage", ""),
        purpose=entry["purpose"],
        parameters=tuple(
            Parameter(name, given["is"], str(given["default"]), given["means"])
            for name, given in entry.get("parameters", {}).items()
        ),
        forms=tuple(_forms(entry["forms"])),
    )


def _forms(entries: Iterable[Mapping[str, Any]]) -> Iterable[Form]:
    for entry in entries:
        yield Form(
            needs=tuple(entry["needs"]),
            given=tuple(entry.get("given", ())),
            when=entry.get("when", ""),
            levels=tuple(Level(**level) for level in entry.get("levels", ())),
            event=entry.get("event", ""),
        )
