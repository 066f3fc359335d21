"""One machine under two names: pure, on what the hosts said; ``load.py`` refuses equal names and equal addresses."""

from __future__ import annotations

from collections.abc import Mapping


def check_duplicates_by_machine_id(observed: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Groups of host names that are one machine, in the order given; empty if all differ.

    Args:
        observed: host name → machine id (MachineGuid); an empty id says nothing and is left out.
    """
    by_machine: dict[str, list[str]] = {}
    for host, machine in observed.items():
        if machine:
            by_machine.setdefault(machine.strip().lower(), []).append(host)
    return tuple(tuple(hosts) for hosts in by_machine.values() if len(hosts) > 1)
