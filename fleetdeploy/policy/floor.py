"""The healthy floor: which hosts may be stopped now (pure). It holds at every moment, not only when planning."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def room(
    waiting: Sequence[str], *, not_serving: Collection[str], max_unavailable: int, running: Collection[str] = ()
) -> tuple[str, ...]:
    """Hosts of ``waiting`` that may start now, in order.

    A host that is down already takes nothing more away; each healthy one that starts counts as down from its first
    moment. ``running`` are those at work, which count as down until they are healthy.
    """
    down = {*not_serving, *running}
    out: list[str] = []
    for host in waiting:
        if host in down:
            out.append(host)
        elif len(down) < max_unavailable:
            down.add(host)
            out.append(host)
    return tuple(out)
