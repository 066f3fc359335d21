"""The pytest fixture ``windows_fleet``; pytest finds it by itself where fleetdeploy is installed.

Imports nothing of the lab before a test asks for the fixture: whoever has fleetdeploy installed and does not use it
pays nothing. What the fixture's value can do is ``testing.py``.

PYTEST_DONT_REWRITE: there is no assert in here, and pytest would warn of it wherever something imported this before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fleetdeploy.lab.testing import WindowsFleet


@pytest.fixture
def windows_fleet(tmp_path: Path) -> Iterator[WindowsFleet]:
    """A simulated Windows fleet for this test, without hosts at first.

    ``windows_fleet.host("web01")`` makes one that real WinRM clients reach. At the end the test fails if a script asked
    for what the lab does not simulate: its answer would have said nothing about Windows
    (``windows_fleet.tolerate_not_simulated()`` for a test of just that).
    """
    try:
        from fleetdeploy.lab.fleet import Lab
        from fleetdeploy.lab.testing import WindowsFleet
    except ModuleNotFoundError as missing:
        pytest.fail(f"windows_fleet needs the lab ({missing.name} is missing): pip install 'fleetdeploy[lab]'")
    with Lab.start() as lab:
        fleet = WindowsFleet(lab, tmp_path)
        yield fleet
        unexpected = fleet.unexpected
    if unexpected:
        pytest.fail("the lab does not simulate all that was asked of it:\n  " + "\n  ".join(unexpected), pytrace=False)
