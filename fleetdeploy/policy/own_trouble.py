"""Did a switch fail for a reason that lies with the host or the account, so that it says nothing of the version? Pure.

Judges by the kind of the failure and by Win32 codes alone, and only where the version's process cannot have run: a
failure that is not in the table may be the version's. (``explain.py`` words failures for people from logs and events;
nothing decides by that.)
"""

from __future__ import annotations

from collections.abc import Mapping

from fleetdeploy.model.verbs import HostFailure

# Of StartService (winerror.h): the service control manager has made no process.
_NOT_STARTED: Mapping[int, str] = {
    1058: "the service was disabled (1058)",
    1068: "a service that it depends on did not start (1068)",
    1069: "the service's account could not log on (1069)",
    1075: "a service that it depends on is not there (1075)",
}
# Of what comes before the start: kinds of failures of ``activate``.
_BEFORE: Mapping[str, str] = {
    "disk-full": "the disk is full (112)",
    "dependents": "services that depend on it run (1051)",
    "stop": "the previous version could not be stopped",
}


def own_trouble(failure: HostFailure) -> str:
    """Whose trouble it is, in words; "" if the version may be to blame."""
    if failure.kind == "start":
        return _NOT_STARTED.get(failure.win32 or 0, "")
    return _BEFORE.get(failure.kind, "")
