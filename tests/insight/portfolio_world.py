"""A business of many independent features, and a portfolio of segments about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from segue.domain.instant import DAY, MINUTE, parse_instant

AT = parse_instant("2026-06-01T00:00:00Z")
BEGAN = AT - 150 * DAY
FEATURES = 36
PEOPLE = 4_500


def events(people: int = PEOPLE, seed: int = 7) -> pa.Table:
    """What people did in 150 days: each likes some of the features, and uses those now and then.

    Some events are told by their names: `promo` ended 60 days ago, `blink` lasts a moment, `rare`
    is done by hardly anybody, `closed` only by people who never use feature 1, `thanked` by one of
    three within a day of any feature.
    """
    dice = np.random.default_rng(seed)
    came = BEGAN + (dice.random(people) * 140 * DAY).astype(np.int64)
    parts = [(np.arange(people), came, np.full(people, "signed_up"))]
    likes = dice.random((people, FEATURES)) < 0.13
    likes[:, 1] &= np.arange(people) % 2 == 0
    parts += [
        _used(dice, np.flatnonzero(likes[:, feature]), came, f"f{feature}")
        for feature in range(FEATURES)
    ]
    quiet = np.arange(people) % 10 == 0
    parts = [_only(part, ~quiet[part[0]] | (part[1] < came[part[0]] + 20 * DAY)) for part in parts]
    used = parts[5]
    parts += [
        _within(dice, used, 1 / 3, "thanked"),
        _only((used[0], used[1], np.full(len(used[0]), "promo")), used[1] < AT - 60 * DAY),
        (used[0][::3], used[1][::3] + MINUTE, np.full(len(used[0][::3]), "blink")),
        (np.arange(1, people, 2), came[1::2] + DAY, np.full(len(came[1::2]), "closed")),
        (np.arange(0, people, 150), came[::150] + 2 * DAY, np.full(len(came[::150]), "rare")),
    ]
    person, at, names = (np.concatenate(column) for column in zip(*parts, strict=True))
    known = at <= AT
    table = pa.table(
        {
            "person_id": [f"p{one}" for one in person[known].tolist()],
            "event": names[known].tolist(),
            "occurred_at": pa.array(at[known], pa.timestamp("ms", "UTC")),
        }
    )
    return pa.concat_tables([table, _traits(people, came, dice)], promote_options="default")


def _used(dice, who, came, name):
    """Times at which people use a feature, about every five days."""
    person = np.repeat(who, 24)
    at = came[person] + (dice.random(len(person)) * 120 * DAY).astype(np.int64)
    return person, at, np.full(len(person), name)


def _within(dice, used, share, name):
    chosen = dice.random(len(used[0])) < share
    at = used[1][chosen] + (dice.random(int(chosen.sum())) * DAY).astype(np.int64)
    return used[0][chosen], at, np.full(int(chosen.sum()), name)


def _only(part, kept):
    return tuple(column[kept] for column in part)


def _traits(people, came, dice):
    country = dice.choice(["DE", "FR", "US"], people)
    return pa.table(
        {
            "person_id": [f"p{one}" for one in range(people)],
            "event": ["$identify"] * people,
            "occurred_at": pa.array(came, pa.timestamp("ms", "UTC")),
            "country": country.tolist(),
        }
    )


def campaign(segment: str, **more: Any) -> dict[str, Any]:
    """A campaign that nothing is wrong with: measurable, and of a channel of its own."""
    return {
        "segment": segment, "when": "entering", "already_in": "skip", "channel": "console",
        "goal": "thanked", "holdout": "50%", "body": "Hello", **more,
    }  # fmt: skip


def page(segment: str, **more: Any) -> dict[str, Any]:
    """The same in the product."""
    return campaign(segment, channel="in_app", **more)


def email(segment: str, **more: Any) -> dict[str, Any]:
    """The same by e-mail."""
    changed = {"channel": "email", "subject": "Hello", "text": "Hello", **more}
    return {key: one for key, one in campaign(segment, **changed).items() if key != "body"}


def sane() -> dict[str, Any]:
    """A project of 34 segments, each of a behaviour of its own, watched, acted on and asked."""
    segments = {
        f"uses_{i}": {"when": f"did f{i} at least 2 times within {10 + i % 5} days"}
        for i in range(32)
    }
    segments["silent"] = {"when": "last any more than 14 days ago and did any within 40 days"}
    segments["active"] = {"when": "active on at least 2 days within 21 days", "stage": "using"}
    segments["silent"]["stage"] = "coming"
    return {
        "project": "portfolio",
        "goals": {"thanked": {"event": "any of (thanked, f5, f6, f7, f8)", "within": "7 days"}},
        "journey": [
            {"stage": "coming", "when": "everyone"},
            {"stage": "using", "when": "did f5 within 30 days"},
        ],
        "segments": segments,
        "messaging": {
            "holdout": "5%",
            "sender": {"name": "Acme", "address": "a@acme.example"},
        },
        "campaigns": {f"to_{one}": campaign(one) for one in segments if one.startswith("uses")},
        "surveys": {
            "why": {
                "segment": "active", "when": "inside", "already_in": "skip",
                "questions": [{"id": "why", "kind": "text", "ask": "Why?"}],
            },
            "why_silent": {
                "segment": "silent", "when": "inside", "already_in": "skip",
                "questions": [{"id": "why", "kind": "text", "ask": "Why?"}],
            },
        },
    }  # fmt: skip
