"""All rounding, in one place: how many hosts an amount is, and how a list of hosts is cut into batches.

Also after which of them a person is waited for. Pure. Canary amounts round up (10 % of 12 is 2), batches down but at
least 1 (25 % of 7 is 1), and the floor caps both. Strategies (``plan/strategies/``) use these and do no arithmetic of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.strategy import Amount


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host that will change, with what strategies may look at."""

    name: str
    zone: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    healthy: bool = True


def round_up(amount: Amount, of: int) -> int:
    """Hosts in a canary: a share rounds up, never more than there are."""
    hosts = -(-amount.value * of // 100) if amount.percent else amount.value
    return min(max(hosts, 1), of) if of else 0


def round_down(amount: Amount, of: int) -> int:
    """Hosts in a batch, or below the floor: a share rounds down, but at least 1, never more than there are."""
    hosts = amount.value * of // 100 if amount.percent else amount.value
    return min(max(hosts, 1), of) if of else 0


def floor_of(max_unavailable: Amount | None, batch: Amount, *, scope: int, changing: int) -> int:
    """Hosts that may be not healthy at once: as set (of the hosts in scope), else the batch size.

    Both shares round down but to at least 1: with a floor of 0 nothing could ever be deployed.
    """
    if max_unavailable is not None:
        return round_down(max_unavailable, scope)
    return round_down(batch, changing) if changing else round_down(batch, scope)


def spread(hosts: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Order so that neighbours come from different zones where possible; stable, and no host is lost.

    Cutting the result into batches spreads them over zones without making any batch larger.
    """
    zones: dict[str, list[Candidate]] = {}
    for host in hosts:
        zones.setdefault(host.zone, []).append(host)
    # Each host's rank within its zone as a share of that zone: a big zone is spread over the whole list, so that the
    # last batches do not consist of it alone.
    ranked = [
        ((rank + 0.5) / len(members), order, host)
        for order, members in enumerate(zones.values())
        for rank, host in enumerate(members)
    ]
    return tuple(host for _, _, host in sorted(ranked, key=lambda item: (item[0], item[1])))


def cut(hosts: Sequence[Candidate], size: int) -> tuple[tuple[Candidate, ...], ...]:
    """Lists of at most ``size`` hosts, in order."""
    step = max(size, 1)
    return tuple(tuple(hosts[i : i + step]) for i in range(0, len(hosts), step))


def pause_after(batches: Sequence[Batch], numbers: Sequence[int]) -> tuple[Batch, ...]:
    """The batches, with a promotion after those whose numbers are given; they count from 1, as they are shown."""
    return tuple(replace(b, promotion=True) if b.index + 1 in numbers else b for b in batches)


def beyond(batches: Sequence[Batch], numbers: Sequence[int]) -> tuple[int, ...]:
    """Numbers that no batch has."""
    return tuple(n for n in numbers if not 1 <= n <= len(batches))
