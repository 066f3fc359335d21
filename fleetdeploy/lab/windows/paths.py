"""Windows paths as text: normalising, splitting, the length limits of Windows PowerShell 5.1.

Pure: knows no drive contents. Refuses (NotSimulated) what the lab has no model of: UNC shares, device names, streams.
Look next: ``files.py``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fleetdeploy.lab.errors import NotSimulated

from .errors import FileError, FileErrorKind

MAX_PATH = 260
MAX_DIRECTORY = 248
_ILLEGAL = re.compile(r'[\x00-\x1f"<>|]')
_WILD = re.compile(r"[*?]")
_DEVICES = re.compile(r"^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)", re.IGNORECASE)


@lru_cache(maxsize=8192)
def full_path(path: str, cwd: str = "C:\\") -> str:
    """As ``[IO.Path]::GetFullPath``: absolute, backslashes, no ``.`` or ``..``, no trailing dots or spaces in parts.

    A trailing backslash is kept, as .NET keeps it. Raises FileError for illegal characters and lengths.
    """
    extended = path.startswith("\\\\?\\")
    text = path[4:] if extended else path
    if not text.strip():
        raise FileError(FileErrorKind.BAD_PATH, path)
    if _ILLEGAL.search(text):
        raise FileError(FileErrorKind.BAD_PATH, path)
    text = text.replace("/", "\\")
    if text.startswith("\\\\"):
        raise NotSimulated(f"the UNC or device path {path}")
    if len(text) >= 2 and text[1] == ":":
        if not text[0].isalpha():
            raise FileError(FileErrorKind.BAD_FORMAT, path)
        drive, rest = text[0].upper() if text[0].islower() and cwd[:1] == text[0].upper() else text[0], text[2:]
        if not rest.startswith("\\"):
            base = cwd[2:] if cwd[:1].lower() == drive.lower() else "\\"
            rest = base.rstrip("\\") + "\\" + rest
    elif text.startswith("\\"):
        drive, rest = cwd[0], text
    else:
        drive, rest = cwd[0], cwd[2:].rstrip("\\") + "\\" + text
    if ":" in rest:
        raise FileError(FileErrorKind.BAD_FORMAT, path)
    if _WILD.search(rest):
        raise FileError(FileErrorKind.BAD_PATH, path)
    parts: list[str] = []
    raw = rest.split("\\")
    for part in raw:
        if part in ("", "."):
            continue
        if part == "..":
            if parts:
                parts.pop()
            continue
        cut = part.rstrip(" .")
        if not cut:
            continue
        if _DEVICES.match(cut):
            raise NotSimulated(f"the device name {part} in a path")
        parts.append(cut)
    result = f"{drive}:\\" + "\\".join(parts)
    if parts and raw[-1] == "":
        result += "\\"
    if not extended and len(result) >= MAX_PATH:
        raise FileError(FileErrorKind.TOO_LONG, path)
    return result


def split(path: str) -> tuple[str, list[str]]:
    """``("C", ["Windows", "x.exe"])`` of a full path."""
    return path[0].upper(), [p for p in path[3:].split("\\") if p]


def check_directory_length(path: str) -> None:
    """Creating a directory has its own, shorter limit."""
    if len(path.rstrip("\\")) >= MAX_DIRECTORY:
        raise FileError(FileErrorKind.TOO_LONG, path)


def parent(path: str) -> str:
    head = path.rstrip("\\").rpartition("\\")[0]
    return head + "\\" if head.endswith(":") else head


def name(path: str) -> str:
    return path.rstrip("\\").rpartition("\\")[2]


def split_command_line(command: str) -> list[str]:
    """The arguments of a command line by the rules of the Microsoft C run time (first one: the program)."""
    args: list[str] = []
    i, n = 0, len(command)
    first = True
    while True:
        while i < n and command[i] in " \t":
            i += 1
        if i >= n:
            return args
        out: list[str] = []
        quoted = False
        while i < n and (quoted or command[i] not in " \t"):
            if first:  # the program's name knows quotes only
                if command[i] == '"':
                    quoted = not quoted
                else:
                    out.append(command[i])
                i += 1
                continue
            slashes = 0
            while i < n and command[i] == "\\":
                slashes += 1
                i += 1
            if i < n and command[i] == '"':
                out.append("\\" * (slashes // 2))
                if slashes % 2:
                    out.append('"')
                elif quoted and i + 1 < n and command[i + 1] == '"':
                    out.append('"')
                    i += 1
                else:
                    quoted = not quoted
                i += 1
            else:
                out.append("\\" * slashes)
                if i < n and (quoted or command[i] not in " \t"):
                    out.append(command[i])
                    i += 1
        args.append("".join(out))
        first = False
