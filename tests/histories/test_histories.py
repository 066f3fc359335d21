"""As many of 200 histories as fit in a minute, over real sockets; ``make soak`` plays thousands (``soak.py``)."""

from __future__ import annotations

import time

import pytest

from tests.histories import machine

SHARES = 3
HISTORIES = 200
SECONDS = 20.0
"""For each share; three workers play at once, so it is about as long as a third of a minute for everybody."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("share", range(SHARES))
def test_histories_that_fit_in_a_minute(share: int, capsys: pytest.CaptureFixture[str]) -> None:
    until, count = time.monotonic() + SECONDS, 0
    for number in range(1 + share, HISTORIES + 1, SHARES):
        machine.play(number)
        count += 1
        if time.monotonic() > until:
            break
    with capsys.disabled():
        print(f"\n{count} histories (share {share + 1} of {SHARES})")
    assert count
