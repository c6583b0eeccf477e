"""A dry run as JSON: the same from the command line and over HTTP."""

from __future__ import annotations

from typing import Any

from segue.domain.instant import SECOND, format_duration, format_instant
from segue.services.acting.simulate import Fate, Job, Simulation, Would


def simulation_document(found: Simulation) -> dict[str, Any]:
    """What a campaign would have done: counts, reasons, jobs, and every moment."""
    return {
        "campaign_id": found.campaign.id,
        "start": format_instant(found.start),
        "end": format_instant(found.end),
        "moments": len(found.moments),
        "messaged": found.count(Fate.MESSAGED),
        "people": found.people,
        "held": found.held,
        "held_out": found.count(Fate.HELD_OUT),
        "refused": found.count(Fate.REFUSED),
        "waiting": found.count(Fate.WAITING),
        "repeats": found.repeats,
        "reasons": {because.value: number for because, number in found.reasons.items()},
        "jobs": [_job_document(job) for job in found.jobs],
        "would": [_would_document(one) for one in found.moments],
    }


def _job_document(job: Job) -> dict[str, Any]:
    return {
        "every": format_duration(job.every),
        "too_late": job.too_late,
        "missed": job.missed,
        "median_lateness_seconds": None if job.lateness is None else job.lateness / SECOND,
    }


def _would_document(one: Would) -> dict[str, Any]:
    return {
        "person_id": one.person_id,
        "moment": format_instant(one.moment),
        "due_at": format_instant(one.due_at),
        "at": format_instant(one.at),
        "fate": one.fate.value,
        "because": None if one.because is None else one.because.value,
        "detail": one.detail,
    }
