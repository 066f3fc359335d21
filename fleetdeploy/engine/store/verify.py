"""Is the record of a rollout whole: chain, order, one writer, steps. Pure; reads a ``Record``.

Shows what was changed, lost or put in between. It cannot tell a chain that somebody computed anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetdeploy.engine.store import chain
from fleetdeploy.engine.store.rows import StepRow


@dataclass(frozen=True, slots=True)
class Link:
    """One event as it lies in the store."""

    seq: int
    n: int
    at: str
    conductor: str
    event: str
    hash: str


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of one rollout. ``head`` is its row, plan (plain), ``last_n`` and ``last_hash`` included."""

    head: Mapping[str, Any]
    links: Sequence[Link]
    steps: Sequence[StepRow]


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong, and where: an event's number, or a step."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``broken`` None: whole. ``in_flight``: steps that have no end, which is no fault of the record.

    Such a step is under way, or its answer was lost and the host could not be asked afterwards.
    """

    events: int
    steps: int
    broken: Finding | None = None
    in_flight: tuple[StepRow, ...] = ()


def verify(record: Record) -> Verdict:
    """Walk the record and stop at the first thing that is wrong."""
    broken = _chain(record) or _end(record) or _steps(record)
    return Verdict(len(record.links), len(record.steps), broken, tuple(s for s in record.steps if not s.ended))


def _chain(record: Record) -> Finding | None:
    rollout = str(record.head["id"])
    last = chain.genesis(record.head, record.head["plan"])
    done: list[str] = []
    for expected, row in enumerate(record.links, start=1):
        where = f"event {expected} (seq {row.seq}, {row.at})"
        if row.n != expected:
            return Finding(where, f"event {expected} is missing, number {row.n} follows")
        try:
            event = json.loads(row.event)
        except ValueError as error:
            return Finding(where, f"it cannot be read: {error}")
        found = chain.link(last, rollout=rollout, n=row.n, at=row.at, conductor=row.conductor, event=event)
        if found != row.hash:
            before = "the rollout's own row or plan, or this event," if expected == 1 else "this event, or its hash,"
            return Finding(where, f"{before} is not as it was written (its hash does not fit)")
        if row.conductor in done[:-1]:
            return Finding(where, f"conductor {row.conductor} wrote again after it was replaced")
        if row.conductor not in done:
            done.append(row.conductor)
        last = row.hash
    if (record.head["last_n"], record.head["last_hash"]) != (len(record.links), last):
        return Finding(
            f"event {len(record.links) + 1}",
            f"the end is missing: {record.head['last_n']} events were written, {len(record.links)} are there",
        )
    return None


def _end(record: Record) -> Finding | None:
    """The outcome in the rollout's row is the one that the last event tells."""
    ends = [e for e in (json.loads(link.event) for link in record.links) if e.get("event") == "rollout-ended"]
    told, written = (ends[-1].get("outcome") if ends else None), record.head["outcome"]
    # An end may be told and then not be written (killed in between), never the other way round.
    if written is not None and told != written:
        return Finding("the rollout's row", f"its outcome is {written}, its events say {told or 'that it is open'}")
    return None


def _steps(record: Record) -> Finding | None:
    for step in record.steps:
        where = f"step {step.step} {step.name}{' on ' + step.host if step.host else ''}"
        if step.ended != (step.result is not None):
            return Finding(where, "it has an end without a result, or a result without an end")
        if step.result is not None and "unreadable" in step.result:
            return Finding(where, "its result cannot be read")
        if step.ended_at is not None and step.ended_at < step.begun_at:
            return Finding(where, f"it ended ({step.ended_at}) before it began ({step.begun_at})")
    return None
