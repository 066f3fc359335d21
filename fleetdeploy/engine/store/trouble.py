"""What may go wrong with a store, and what a person may do about it: one table. Makes errors, catches none."""

from __future__ import annotations

from fleetdeploy.errors import StoreError, StoreTrouble

_NO_STORE = "fleetdeploy status | fleetdeploy rollback   (ask the hosts: they need no store)"
_T = StoreTrouble
_TEXTS: dict[StoreTrouble, tuple[str, tuple[str, ...]]] = {
    _T.FULL: ("there is no room left for {place}", ("make room there, then: fleetdeploy resume",)),
    _T.GONE: (
        "{place} was deleted or replaced while it was in use",
        ("put it back, or go on with a new one: fleetdeploy resume --plan FILE",),
    ),
    _T.LOCKED: (
        "{place} is locked by another process",
        ("wait for the other fleetdeploy, or end what holds it (a backup, an SQL tool), and type it again",),
    ),
    _T.READ_ONLY: (
        "{place} cannot be written",
        ("give this user the right to write there, or name another place: FLEETDEPLOY_STATE_DIR or FLEETDEPLOY_STORE",),
    ),
    _T.CORRUPT: (
        "{place} is damaged",
        ("move it away (a new one is made) and keep it: sqlite3 FILE .recover reads what is left of it",),
    ),
    _T.UNREACHABLE: (
        "{place} does not answer",
        ("check FLEETDEPLOY_STORE, the server and the login, and type it again",),
    ),
    _T.NO_DRIVER: ("{place} needs a driver that is not installed", ("pip install 'fleetdeploy[postgres]'",)),
    _T.NEWER: (
        "{place} was written by a newer fleetdeploy that this one cannot write for",
        ("install the newer fleetdeploy here",),
    ),
    _T.REPLACED: ("another conductor writes this rollout now", ("fleetdeploy status", "fleetdeploy history")),
    _T.BROKEN: ("{place} cannot be used", ("type it again; if it stays so, name another place: FLEETDEPLOY_STORE",)),
}


def store_error(trouble: StoreTrouble, place: str, detail: str = "") -> StoreError:
    """The error for this trouble, ready to be raised."""
    text, steps = _TEXTS[trouble]
    what = "the store " + text.format(place=place) if "{place}" in text else text.format(place=place)
    if trouble is StoreTrouble.FULL:
        what = text.format(place=f"the store {place}")
    if trouble is not StoreTrouble.REPLACED:
        steps = (*steps, _NO_STORE)
    return StoreError(f"{what}: {detail}" if detail else what, trouble=trouble, next_steps=steps)
