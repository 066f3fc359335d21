"""Which program a service's ImagePath means, and what it will do.

Decides as CreateProcess does: which file an unquoted path with blanks names, what is no program, what this machine or
this build of Windows cannot run. Starts nothing: ``scm_run.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import paths, pe
from .errors import FileError, Win32Error
from .program import Behaviour, behaviour_of

if TYPE_CHECKING:
    from .host import WindowsHost

BUILT_IN = Behaviour(start_seconds=0.0, stop_seconds=0.0, port=0)
"""A program that came with Windows."""
_MIN_GO = ((1, 21), 14393)
"""From this Go on a program needs this build of Windows."""


def load(host: WindowsHost, image_path: str) -> tuple[str, Behaviour, list[str]]:
    """The program, its behaviour and its arguments; Win32Error as CreateProcess would give."""
    command = host.expand(image_path)
    words = paths.split_command_line(command)
    if not words:
        raise Win32Error(2)
    program, rest = _program(host, command, words)
    if program.lower().startswith("c:\\windows\\system32\\"):
        return program, BUILT_IN, rest
    data = host.fs.blob(program)
    machine = pe.machine_of(data.data)
    if machine is None:
        raise Win32Error(193)
    if machine not in (pe.MACHINES["amd64"], pe.MACHINES["386"]):
        raise Win32Error(216, "This version of %1 is not compatible with the version of Windows you're running")
    behaviour = behaviour_of(data)
    go = pe.go_version(data.data)
    if go is not None and go >= _MIN_GO[0] and host.os_build < _MIN_GO[1]:
        # bcryptprimitives.dll has no ProcessPrng there: the program dies before main.
        behaviour = Behaviour(version=behaviour.version, exits_at_once=True, port=0)
    return program, behaviour, rest


def _program(host: WindowsHost, command: str, words: list[str]) -> tuple[str, list[str]]:
    """An unquoted path with spaces is tried word by word, as CreateProcess does."""
    candidates: list[tuple[str, list[str]]] = []
    if command.lstrip().startswith('"'):
        candidates.append((words[0], words[1:]))
    else:
        parts = command.strip().split(" ")
        for i in range(1, len(parts) + 1):
            rest = paths.split_command_line("x " + " ".join(parts[i:]))[1:]
            candidates.append((" ".join(parts[:i]), rest))
    code = 2
    for text, rest in candidates:
        for name in (text, text + ".exe") if not text.lower().endswith(".exe") else (text,):
            try:
                full = paths.full_path(name, "C:\\Windows\\System32")
            except FileError:
                code = 123
                continue
            if host.fs.is_file(full):
                return host.fs.true_path(full), rest
            code = 2 if host.fs.is_dir(paths.parent(full)) else 3
    raise Win32Error(code)
