"""Who holds a host, in words: who, where from, since when, the last sign of life. Decides nothing, asks nobody.

Ages are by the host's own clock since its boot (protocol.md rule 14): wall clocks differ. Whether an owner lives is
said by the hosts (``OpenEntry.alive_here``) and judged in ``rollout/open_hosts.py``.
"""

from __future__ import annotations

from fleetdeploy.model.verbs import Actor, Observation, OpenEntry


def life_age_s(entry: OpenEntry, seen: Observation) -> float | None:
    """Seconds since its last sign of life on that host; None: it gave none in this boot, or signed off."""
    life = entry.life
    if life is None or life.boot != seen.boot:
        return None
    return max(0.0, seen.uptime_s - life.uptime_s)


def who(actor: Actor) -> str:
    """``eva on ci-7 (pid 812, https://ci/job/9)``."""
    if not actor.user and not actor.machine:
        return "somebody who left no name"
    more = ", ".join(filter(None, (f"pid {actor.pid}" if actor.pid else "", actor.job_url)))
    where = f" on {actor.machine}" if actor.machine else ""
    return f"{actor.user or 'somebody'}{where}" + (f" ({more})" if more else "")


def age_text(seconds: float) -> str:
    """``4 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``: as exact as somebody who waits wants to know it."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def sign_text(entry: OpenEntry, age_s: float | None) -> str:
    """When the owner was last heard of: ``last sign of life 4 s ago``."""
    if age_s is not None:
        return f"last sign of life {age_text(age_s)} ago"
    return "its conductor signed off" if entry.life is None else "no sign of life since the host was restarted"


def owner_text(entry: OpenEntry, age_s: float | None) -> str:
    """The owner in one breath, for a refusal: since when, last sign of life, and the reason if one was given."""
    parts = [f"opened {entry.opened_at}" if entry.opened_at else "", sign_text(entry, age_s)]
    reason = f'reason: "{entry.actor.reason}"' if entry.actor.reason else ""
    return ", ".join(filter(None, (*parts, reason)))
