"""What a page is told of a message: plain data, the texts final, nothing of the rules behind it.

Texts are drawn as text, never as HTML. What a text was made of may come from anybody, so links
are looked at here, and by the page once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from segue.domain.campaigns import Campaign, InApp, Look, Question, Survey, Trigger
from segue.domain.errors import InputError
from segue.language.links import link_problem
from segue.language.page_filters import page_document
from segue.services.in_app.eligible import Judged


def item(found: Judged, parts: Mapping[str, str], segments: Sequence[str]) -> dict[str, Any]:
    """The document of a message or survey that a page may draw; of one that is held out only what
    says when it would have been drawn. `parts` are final texts; `segments` those of the person.

    Raises `InputError` where a part that must be JSON is none.
    """
    campaign = found.campaign
    assert campaign is not None
    assert campaign.in_app is not None
    told = _common(found, campaign, campaign.in_app) | {"segments": list(segments)}
    if found.control:
        return told | {"control": True}
    if found.shown:
        told["shown"] = True
    if campaign.survey is not None:
        told |= _survey(campaign.survey, parts)
    return told | _parts(campaign.in_app.look, parts)


def _common(found: Judged, campaign: Campaign, in_app: InApp) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": found.delivery.id,
        "campaign_id": campaign.id,
        "variant": found.delivery.variant,
        "kind": "message" if campaign.survey is None else "survey",
        "look": in_app.look.value,
        "priority": campaign.priority,
        "triggers": [_trigger(one) for one in in_app.triggers],
        "delay": in_app.delay,
    }
    placed = {"selector": in_app.selector, "slot": in_app.slot}
    return told | {name: value for name, value in placed.items() if value}


def _trigger(one: Trigger) -> dict[str, Any]:
    told: dict[str, Any] = {"on": one.kind.value, "value": one.value}
    return told | {"where": page_document(one.where)} if one.where else told


def _survey(survey: Survey, parts: Mapping[str, str]) -> dict[str, Any]:
    questions = [_question(one, parts.get(f"ask.{one.id}", one.text)) for one in survey.questions]
    return {"questions": questions, "thanks": parts.get("thanks", survey.thanks)}


def _question(one: Question, text: str) -> dict[str, Any]:
    told: dict[str, Any] = {"id": one.id, "type": one.kind.value, "text": text}
    if one.choices:
        told["choices"] = list(one.choices)
    if one.range is not None:
        told["scale"] = one.range[1]
    if one.required:
        told["required"] = True
    if one.branches:
        told["branches"] = [{"answers": list(by.answers), "to": by.to} for by in one.branches]
    return told


def _parts(look: Look, parts: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: parts[name] for name in ("heading", "body", "button") if parts.get(name)
    }
    told |= _link(parts.get("url", ""))
    if look is Look.SLOT:
        told["payload"] = _json(parts, "payload")
    if look is Look.CHECKLIST:
        told["steps"] = [_step(one) for one in _list(_json(parts, "steps"))]
    return told


def _json(parts: Mapping[str, str], name: str) -> Any:
    text = parts.get(name, "")
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"`{name}` is no JSON: {error}", hint="{{ value | tojson }}") from error


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InputError("`steps` is no list of objects", hint='[{"text": "…", "done": "event"}]')
    return value


def _step(one: Mapping[str, Any]) -> dict[str, str]:
    told = {name: str(one[name]) for name in ("text", "done") if one.get(name)}
    return told | _link(str(one.get("url") or ""))


def _link(address: str) -> dict[str, str]:
    """The link, where it may be followed."""
    found = address.strip()
    return {"url": found} if not link_problem(found) else {}
