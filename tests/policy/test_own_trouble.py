"""Failures that say nothing of the version, by kind and number; everything else may be its own."""

from __future__ import annotations

import pytest

from fleetdeploy.model.verbs import HostFailure
from fleetdeploy.policy.own_trouble import own_trouble


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("start", 1069, "account"),
        ("start", 1058, "disabled"),
        ("start", 1068, "depends"),
        ("disk-full", 112, "disk"),
        ("dependents", 1051, "1051"),
        ("stop", 1053, "previous"),
        ("start", 1053, ""),
        ("start", None, ""),
        ("start", 112, ""),  # the program's own exit code: it ran
        ("health", 1069, ""),
        ("image", None, ""),
        ("artifact", 2, ""),
        ("AnswerLost", None, ""),
        ("script", None, ""),
    ],
)
def test_whose_trouble_it_is(kind: str, code: int | None, said: str) -> None:
    found = own_trouble(HostFailure(kind, "the disk is full, account", win32=code))
    assert (said in found) if said else found == ""
