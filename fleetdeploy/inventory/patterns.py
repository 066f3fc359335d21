"""Choosing hosts: ``web*,group:eu,zone=z1,!web07,first 10%``. Pure; a term that matches nothing is an error.

Comma-separated terms; their order does not matter::

    web*              names (``*`` ``?`` ``[…]``, case does not matter); ``all`` is every host
    group:eu          members of a group, also through inner groups
    zone=z1           hosts of a zone; NAME=VALUE hosts with a label (VALUE may hold ``*``)
    label:NAME=VALUE  the same, for a label that is called ``zone``
    &TERM             of those, only these
    !TERM             without these
    first 10%         of what is left, the first in inventory order; a share is rounded up
    first 3

Plain terms add hosts; if there is none, the choice starts with all. Exclusions always win, wherever they stand. An
empty pattern is an error: it is what an unset variable of a CI job looks like, and must not mean "all". Rounding here
is about who is *asked*; batches are rounded in ``plan/``.
"""

from __future__ import annotations

import fnmatch
import re

from fleetdeploy.documents import did_you_mean
from fleetdeploy.errors import UsageError
from fleetdeploy.model.host import Fleet, Host
from fleetdeploy.model.strategy import Amount

_FIRST = re.compile(r"first\s+(\S+)")


def select(fleet: Fleet, pattern: str | None) -> tuple[Host, ...]:
    """The hosts of ``fleet`` that ``pattern`` names, in inventory order; all of them for None.

    Raises:
        UsageError: a term is wrong or matches nothing, or nothing is left.
    """
    if pattern is None:
        return fleet.hosts
    terms = [term.strip() for term in pattern.split(",") if term.strip()]
    if not terms:
        raise UsageError(
            "the host pattern is empty", next_steps=("write 'all' for all hosts", "or leave the option out")
        )
    firsts = [(term, found[1]) for term in terms if (found := _FIRST.fullmatch(term))]
    plain = [term for term in terms if term[0] not in "!&" and not _FIRST.fullmatch(term)]
    chosen = {host.name for host in fleet.hosts} if not plain else set[str]()
    for term in plain:
        chosen |= _named(fleet, term)
    for term in terms:
        if term[0] == "&":
            chosen &= _named(fleet, term[1:].strip())
        elif term[0] == "!":
            chosen -= _named(fleet, term[1:].strip())
    for term, text in firsts:
        try:
            amount = Amount.parse(text)
        except ValueError as problem:
            raise UsageError(f"pattern {term!r}: {problem}") from None
        count = -(-len(chosen) * amount.value // 100) if amount.percent else amount.value
        chosen = set([host.name for host in fleet.hosts if host.name in chosen][:count])
    if not chosen:
        raise UsageError(f"pattern {pattern!r} leaves no host of fleet {fleet.name}")
    return tuple(host for host in fleet.hosts if host.name in chosen)


def _named(fleet: Fleet, term: str) -> set[str]:
    """Names of the hosts that one term (without ``!`` and ``&``) means; never empty."""
    if term.startswith("group:"):
        group = term.removeprefix("group:")
        found = {host.name for host in fleet.hosts if any(_like(name, group) for name in host.groups)}
        known = {name for host in fleet.hosts for name in host.groups}
        what = f"no host is in group {group!r}"
        wanted = group
    elif "=" in term:
        key, _, value = term.removeprefix("label:").partition("=")
        key, value = key.strip(), value.strip()
        if key == "zone" and not term.startswith("label:"):
            pairs = {host.name: host.zone for host in fleet.hosts if host.zone}
        else:
            pairs = {host.name: host.labels[key] for host in fleet.hosts if key in host.labels}
        found = {name for name, each in pairs.items() if _like(each, value)}
        what, known, wanted = f"no host has {key}={value}", set(pairs.values()), value
        if not pairs:
            known, wanted = {name for host in fleet.hosts for name in host.labels} | {"zone"}, key
    else:
        found = {host.name for host in fleet.hosts if term == "all" or _like(host.name, term)}
        what, known, wanted = f"no host is called {term!r}", set(fleet.names()), term
    if not found:
        raise UsageError(f"{what} in fleet {fleet.name}", next_steps=did_you_mean(wanted, known))
    return found


def _like(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name.lower(), pattern.lower())
