"""The frame around every command: runs it, prints what it returns, ends with its exit code.

Commands are plain functions that return a ``CommandResult``; ``register`` puts them on a typer app. Nothing else
prints, and nothing else decides an exit code.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import typer

from fleetdeploy.cli.results import CommandResult
from fleetdeploy.cli.retype import remember, retyped
from fleetdeploy.errors import ExitCode, FleetdeployError, Interrupted, UsageError

CommandFunction = Callable[..., CommandResult]


def register(app: typer.Typer, name: str, function: CommandFunction, **settings: Any) -> None:
    """Adds a command that returns a result. ``settings`` go to typer (hidden, help, …)."""

    @functools.wraps(function)
    def run_command(*args: Any, **kwargs: Any) -> None:
        output = str(kwargs.get("output", "text"))
        remember(kwargs)
        raise typer.Exit(int(run_guarded(lambda: function(*args, **kwargs), output)))

    app.command(name, **settings)(run_command)


def run_guarded(call: Callable[[], CommandResult], output: str) -> ExitCode:
    """Runs a command, prints its result or its error, and says how the process must end."""
    from fleetdeploy.cli.output import render

    try:
        with _signals():
            result = call()
        render.print_result(result, output)
    except FleetdeployError as error:
        render.print_error(error, output)
        return error.exit_code
    except (Interrupted, KeyboardInterrupt):
        text = "interrupted; 'fleetdeploy status' shows what is true, 'fleetdeploy resume' goes on\n"
        if output == "json":
            render.print_interrupted()
        sys.stderr.write(retyped(text))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`); what was decided stands. Keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the outermost frame: turns our bugs into exit code 1
        render.print_internal_error(error, output, _write_trace())
        return ExitCode.INTERNAL
    return result.exit_code


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and SIGHUP mean what Ctrl-C means, also before a conductor has handlers of its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write_trace() -> str | None:
    """Writes the current traceback (without locals: they may hold secrets) to a file only the user can read."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="fleetdeploy-", suffix=".trace")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(traceback.format_exc())
    except OSError:
        return None
    return path


def check_output(value: str) -> str:
    """typer callback of ``--output``."""
    if value not in ("text", "json"):
        raise typer.BadParameter(f"'{value}' is not one of: text, json")
    return value


def usage(what: str, *next_steps: str) -> UsageError:
    """A usage error with what to type instead."""
    return UsageError(what, next_steps=next_steps)


def need_reason(what: str, reason: str, *, given: bool = True, typed: str = "") -> None:
    """Whoever overrides a guard, or speaks for somebody else, says why.

    Args:
        what: the flag or command that needs the reason.
        reason: what was typed behind ``--reason``.
        given: false if ``what`` was not asked for at all.
        typed: the command line to go on with; default: the flag itself.

    Raises:
        UsageError: there is no reason.
    """
    if given and not reason.strip():
        raise usage(f"{what} needs --reason: the next person will want to know", f"{typed or what} --reason '...'")
