"""Recovery actions: what the service control manager does when a service has failed.

Decides which action applies (the n-th failure takes the n-th, the last one repeats; the count starts again after the
reset period without a failure), logs 7031 or 7034, and carries it out after its delay. Called under the host's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import Win32Error
from .service import INFINITE, Action, Service, State

if TYPE_CHECKING:
    from .host import WindowsHost
    from .scm_run import Runner

_WORDS = {
    Action.RESTART: "Restart the service",
    Action.RUN: "Run the configured recovery program",
    Action.REBOOT: "Reboot the machine",
}


def next_action(entry: Service, now: float) -> tuple[Action, int]:
    """Count a failure at uptime ``now`` and say what follows it, with the delay in milliseconds."""
    failure = entry.config.failure
    reset = failure.reset_seconds if failure else INFINITE
    if entry.failures and reset != INFINITE and now - entry.last_failure >= reset:
        entry.failures = 0
    entry.failures += 1
    entry.last_failure = now
    if failure is None or not failure.actions:
        return Action.NONE, 0
    return failure.actions[min(entry.failures, len(failure.actions)) - 1]


def on_failure(host: WindowsHost, entry: Service, runner: Runner, *, crash: bool) -> None:
    """A service has failed: log it and do what is configured."""
    config = entry.config
    action, delay = next_action(entry, host.clock.uptime())
    times = str(entry.failures)
    if action is Action.NONE:
        if crash:
            host.eventlog.scm(7034, config.display_name, times)
        return
    host.eventlog.scm(7031, config.display_name, times, str(delay), str(int(action)), _WORDS[action])

    def act() -> None:
        if action is Action.RESTART:
            _restart(host, entry, runner)
        elif action is Action.REBOOT:
            host.env.schedule(0, host.reboot)  # not here: the lock is held
        else:
            host.note_not_simulated(f"the recovery program of the service {config.name}")

    runner.later(entry, delay / 1000, act)


def _restart(host: WindowsHost, entry: Service, runner: Runner) -> None:
    if entry.state is not State.STOPPED:
        return
    try:
        runner.start(entry, ())
    except Win32Error as error:
        host.eventlog.scm(7032, "1", _WORDS[Action.RESTART], entry.config.display_name, f"%%{error.code}")
        return
    host.effects.add("recover", entry.config.name)
