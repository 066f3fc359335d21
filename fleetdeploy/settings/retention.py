"""``retention:``: how many releases a host keeps, and how long the store keeps a rollout. Reads, decides nothing.

retention: 3                              releases on a host
retention: 180d                           rollouts in the store (a unit makes it a duration)
retention: {releases: 3, journal: 180d}   both
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleetdeploy.documents import Value, parse_duration

RELEASES = 3
SHORTEST_S, LONGEST_S = 3600.0, 100 * 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """``journal_s`` None: rollouts are kept for ever. ``place``: dotted key and source of a value written short."""

    releases: int = RELEASES
    journal_s: float | None = None
    place: tuple[tuple[str, str], ...] = ()


def read_retention(value: Value | None) -> Retention:
    """The setting, or its defaults."""
    if value is None:
        return Retention()
    if value.is_mapping:
        section = value.section()
        releases, journal = section.get("releases"), section.get("journal")
        section.done()
        return Retention(
            releases.integer(1, 100) if releases else RELEASES,
            journal.duration(SHORTEST_S, LONGEST_S) if journal else None,
        )
    if re.fullmatch(r"-?[0-9]+", value.text("3, 180d or {releases: 3, journal: 180d}")):
        return Retention(releases=value.integer(1, 100), place=(("retention.releases", value.source),))
    return Retention(journal_s=value.duration(SHORTEST_S, LONGEST_S), place=(("retention.journal", value.source),))


def parse_keep(text: str) -> float:
    """How long the store keeps rollouts, from an environment variable.

    Raises:
        ValueError: no duration, or none that makes sense.
    """
    seconds = parse_duration(text)
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ValueError(f"{text!r} is not within 1h to 36500d")
    return seconds
