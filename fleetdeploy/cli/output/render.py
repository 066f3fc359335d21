"""Draws a CommandResult or an error, as text for people or as JSON. rich is imported only when text is drawn."""

from __future__ import annotations

import json
import sys
from typing import Any

from fleetdeploy.cli.output.safe import safe, safe_json
from fleetdeploy.cli.results import Block, CommandResult, Lines, Table, Verbatim
from fleetdeploy.cli.retype import retyped
from fleetdeploy.errors import (
    ConfigError,
    ExitCode,
    FleetdeployError,
    HostError,
    Refused,
    StoreError,
    Unreachable,
    UsageError,
)


def to_json(value: Any) -> str:
    """One line of JSON; a value without JSON form becomes its text (a Secret its mask)."""
    text = safe_json(json.dumps(value, default=str, ensure_ascii=False))
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:  # cp1252 in a pipe, or half a character: escaped, it is the same JSON
        return json.dumps(value, default=str)
    return text


def print_result(result: CommandResult, output: str) -> None:
    """Writes a result to standard output."""
    if output == "json":
        if not result.streamed:
            sys.stdout.write(to_json(result.data) + "\n")
        return
    for block in result.blocks:
        _print_block(block)


def _print_block(block: Block) -> None:
    match block:
        case Verbatim(text):
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
        case Lines(lines):
            for line in lines:
                sys.stdout.write(retyped(safe(line)) + "\n")
        case Table():
            _print_table(block)


def _print_table(table: Table) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    if table.title:  # not rich's title: that is wrapped at the table's width
        sys.stdout.write(safe(table.title) + "\n")
        sys.stdout.flush()
    drawn = RichTable(box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        drawn.add_column(column, style=table.styles.get(column), overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(safe(cell)) for cell in row))
    console.print(drawn)


def error_data(error: FleetdeployError) -> dict[str, Any]:
    """The parts of an error, for ``--output json``."""
    data: dict[str, Any] = {
        "event": "error",
        "kind": type(error).__name__,
        "exit_code": int(error.exit_code),
        "what": str(error),
        "changed": changed_text(error),
        "why": list(error.why),
        "next": [retyped(step) for step in error.next_steps],
    }
    if isinstance(error, ConfigError):
        data |= {"file": error.file, "line": error.line}
    if isinstance(error, HostError):
        data |= {"host": error.host, "code": error.code}
    if isinstance(error, Refused):
        data["reason"] = error.reason.value
    if isinstance(error, StoreError):
        data |= {"reason": error.reason.value, "trouble": error.trouble.value}
    return data


def print_error(error: FleetdeployError, output: str) -> None:
    """Writes what is wrong, why, and what to type next: to stderr as text, to stdout as JSON."""
    if output == "json":
        sys.stdout.write(to_json(error_data(error)) + "\n")
        return
    sys.stderr.write("\n".join(safe(line) for line in error_lines(error)) + "\n")


def changed_text(error: FleetdeployError) -> str:
    """What was changed before it went wrong; "" where the question does not arise (bad usage changes nothing)."""
    if error.changed or isinstance(error, UsageError):
        return error.changed
    if error.exit_code in (ExitCode.REFUSED, ExitCode.UNREACHABLE, ExitCode.INTERNAL):
        return "nothing on any host"
    return "perhaps something: the hosts know, ask them" if error.exit_code is ExitCode.MIXED else ""


def error_lines(error: FleetdeployError) -> list[str]:
    """An error for people, in its parts: what, changed, likely (or because), next, and the exit code at the end."""
    # A refusal knows its reasons; elsewhere they are guesses, the likeliest first.
    why = "because" if isinstance(error, (Refused, Unreachable)) else "likely"
    parts = {
        "changed": [text] if (text := changed_text(error)) else [],
        why: list(error.why),
        "next": [retyped(step) for step in error.next_steps],
    }
    lines = [f"error: {error}"]
    for label, texts in parts.items():
        lines += [f"  {label if index == 0 else '':<8} {text}" for index, text in enumerate(texts)]
    lines[-1] += f"   (exit {int(error.exit_code)})"
    return lines


def print_interrupted() -> None:
    """The last line of a stream that a signal cut: machines look for the exit code there."""
    sys.stdout.write(to_json({"event": "error", "kind": "interrupted", "exit_code": int(ExitCode.INTERRUPTED)}) + "\n")


def print_internal_error(error: BaseException, output: str, trace_file: str | None) -> None:
    """Our own bug: short text, the trace is in a file."""
    what = f"internal error: {type(error).__name__}: {error}"
    if output == "json":
        data = {"event": "error", "kind": "internal", "exit_code": int(ExitCode.INTERNAL), "what": what}
        sys.stdout.write(to_json(data | {"trace": trace_file}) + "\n")
        return
    sys.stderr.write(f"error: {safe(what)}\n")
    if trace_file:
        sys.stderr.write(f"  trace    {trace_file}\n")
    step = "run 'fleetdeploy status' to see what is true on the hosts, and report this as a bug"
    sys.stderr.write(f"  next     {retyped(step)}\n")
