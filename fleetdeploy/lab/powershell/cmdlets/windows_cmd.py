"""cmd.exe /c: echo, exit, ver, rem and other native programs, joined by &, && and ||, with output thrown away.

Other built-in commands, pipes, files, blocks and carets are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime.native import (
    NativeContext,
    NativeResult,
    native,
    program_of,
    split_command_line,
)
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.ownership import child

_SWITCHES = frozenset({"/d", "/s", "/q", "/u", "/a"})
_DISCARD = re.compile(
    r"(?:\s*(?<!\S)(?P<stream>[12]))?>\s*nul\b|\s*(?P<merge>2>&1)|\s*(?<!\S)(?P<to_err>1?>&2)", re.IGNORECASE
)


@dataclass
class _Run:
    code: int = 0
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    done: bool = False


@native("cmd.exe")
def cmd(ctx: NativeContext, argv: list[str], stdin: list[str] | None) -> NativeResult:
    """``cmd /c LINE``."""
    words = list(argv)
    while words and words[0].lower() in _SWITCHES - {"/u", "/a"}:
        words.pop(0)
    if not words or words[0].lower() != "/c" or stdin is not None:
        raise NotSimulated(f"cmd.exe {' '.join(argv)}")
    line = " ".join(words[1:])
    run = _Run()
    _line(ctx, line, run)
    return NativeResult(run.code, run.out, run.err)


def _line(ctx: NativeContext, line: str, run: _Run) -> None:
    if re.search(r"[|<^()@]|%[^%]*$", line.replace("||", "")) or line.count('"') % 2:
        raise NotSimulated(f"cmd.exe /c {line}")
    line = re.sub(r"%([^%]+)%", lambda found: _variable(ctx, found[1], found[0]), line)
    pieces = re.split(r"(?<!>)(&&|\|\||&)", line)
    operator = "&"
    for at, piece in enumerate(pieces):
        if at % 2:
            operator = piece
            continue
        if (operator == "&&" and run.code) or (operator == "||" and not run.code):
            continue
        _command(ctx, piece, run)
        if run.done:
            return


def _variable(ctx: NativeContext, name: str, written: str) -> str:
    if ":" in name or name.lower() in ("cd", "date", "time", "random", "errorlevel", "cmdcmdline"):
        raise NotSimulated(f"cmd.exe with {written}")
    value = ctx.environment(name)
    return written if value is None else value


def _command(ctx: NativeContext, text: str, run: _Run) -> None:
    keep_out = keep_err = True
    merge = to_err = False
    for found in _DISCARD.finditer(text):
        if found["merge"]:
            merge = True
        elif found["to_err"]:
            to_err = True
        elif found["stream"] == "2":
            keep_err = False
        else:
            keep_out = False
    text = _DISCARD.sub("", text).lstrip()
    if ">" in text:
        raise NotSimulated(f"cmd.exe /c {text}")
    word = re.match(r"[^\s.,;=]*", text)
    name = word[0].lower() if word else ""
    if name == "rem":
        run.done = True  # the rest of the line is its remark
    if not text.strip() or run.done:
        return
    result = _builtin(ctx, name, text[len(name) :], run)
    if result is None:
        argv = split_command_line(text)
        program = program_of(argv[0])
        if program is None:
            raise NotSimulated(f"cmd.exe /c {text}")
        with child(argv[0]):
            result = program(ctx, argv[1:], None)
    run.code = result.exit_code
    if to_err:
        run.err.extend(result.stdout_lines)
    elif keep_out:
        run.out.extend(result.stdout_lines)
    if keep_err:
        (run.out if merge and keep_out else run.err).extend(result.stderr_lines)


def _builtin(ctx: NativeContext, name: str, rest: str, run: _Run) -> NativeResult | None:
    if name == "echo":
        if rest.strip().lower() in ("", "on", "off"):
            raise NotSimulated(f"cmd.exe /c echo{rest}")
        return NativeResult(run.code, ["" if rest in (".", ":") else rest[1:]])
    if name == "exit":
        words = [word for word in rest.split() if word.lower() != "/b"]
        if len(words) > 1 or (words and not re.fullmatch(r"-?\d+", words[0])):
            raise NotSimulated(f"cmd.exe /c exit{rest}")
        run.done = True
        return NativeResult(int(words[0]) if words else run.code)
    if name == "ver" and not rest.strip():
        if not isinstance(ctx.machine, WindowsHost):
            raise NotSimulated("cmd.exe /c ver without a machine")
        major = "10.0" if ctx.machine.os_build >= 10_000 else "6.3"
        return NativeResult(0, ["", f"Microsoft Windows [Version {major}.{ctx.machine.os_build}]"])
    return None
