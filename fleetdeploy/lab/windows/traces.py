"""What a simulated program leaves behind: lines in its log file, a Go panic, records in the Application event log.

Decides the words, which are those of a real Go program or of Windows. Must not decide when a program dies
(``scm_run.py``) nor how it behaves (``program.py``). A service's stderr goes nowhere on Windows, so a panic is only to
be found where the program writes a log file. Called under the host's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import blobs, paths
from .errors import FileError
from .eventlog import ERROR, INFORMATION
from .program import Behaviour, log_of

if TYPE_CHECKING:
    from .host import WindowsHost
    from .service import Service

STATUS_DLL_NOT_FOUND = 0xC0000135
_PANIC_EXIT = 2
_NT_ERRORS = 0xC0000000
_OWN_EVENT = 1
_NO_VERSION = "0.0.0.0"  # noqa: S104 - a version, not an address


def say(host: WindowsHost, behaviour: Behaviour, argv: list[str], text: str) -> None:
    """A line of Go's ``log`` package in the program's log file, if it has one."""
    write(host, behaviour, argv, f"{host.clock.now():%Y/%m/%d %H:%M:%S} {text}")


def write(host: WindowsHost, behaviour: Behaviour, argv: list[str], text: str) -> None:
    """Text as it is, with its line end. The program makes the folder; a full disk loses the line, as it does."""
    path = log_of(behaviour, argv)
    if not path:
        return
    try:
        host.fs.mkdir(paths.parent(path))
        old = host.fs.blob(path).data if host.fs.is_file(path) else b""
        host.fs.put(path, blobs.intern(bytes(old) + text.encode() + b"\n"))
    except FileError:
        return


def panic_text(message: str) -> str:
    """What the Go runtime prints before it ends a program with exit code 2."""
    said = f"panic: {message}"
    if message.startswith("runtime error: invalid memory address"):
        said += "\n[signal 0xc0000005 code=0x0 addr=0x18 pc=0x6f3a21]"
    return (
        f"{said}\n\ngoroutine 1 [running]:\nmain.(*server).load(0xc00011e000, {{0xc00001c0a8, 0x1d}})\n"
        "\tC:/build/shop/server.go:87 +0x1a5\nmain.main()\n\tC:/build/shop/main.go:42 +0x9e"
    )


def dying(host: WindowsHost, entry: Service, behaviour: Behaviour, argv: list[str]) -> int:
    """The program is about to die by itself: its last words, and the exit code it dies with."""
    if behaviour.panic:
        write(host, behaviour, argv, panic_text(behaviour.panic))
        return _PANIC_EXIT
    code = behaviour.exit_code & 0xFFFFFFFF
    if code >= _NT_ERRORS:
        _fault(host, entry, code)
    else:
        own_event(host, entry, behaviour, f"fatal: exit {code}")
    return behaviour.exit_code


def port_taken(host: WindowsHost, entry: Service, behaviour: Behaviour, argv: list[str], port: int) -> int:
    """``log.Fatal(http.ListenAndServe(...))``: the words of Winsock, exit code 1."""
    text = (
        f"listen tcp :{port}: bind: Only one usage of each socket address (protocol/network address/port) is normally "
        "permitted."
    )
    say(host, behaviour, argv, text)
    own_event(host, entry, behaviour, text)
    return 1


def own_event(host: WindowsHost, entry: Service, behaviour: Behaviour, text: str, *, level: int = ERROR) -> None:
    """A record of the program's own source (golang.org/x/sys/windows/svc/eventlog), if it writes such."""
    if behaviour.event_source:
        pid = entry.process.pid if entry.process is not None else 0
        host.eventlog.write("Application", entry.config.name, _OWN_EVENT, level, text, (text,), pid)


def dll_missing(host: WindowsHost, entry: Service, dll: str) -> None:
    """The loader's message box, which for a service becomes a record: nobody sees the box."""
    exe = entry.process.name if entry.process is not None else ""
    title = f"{exe} - System Error"
    text = (
        f"The code execution cannot proceed because {dll} was not found. Reinstalling the program may fix this problem."
    )
    words = f"Application popup: {title} : {text}"
    host.eventlog.write("System", "Application Popup", 26, INFORMATION, words, (title, text))


def _fault(host: WindowsHost, entry: Service, code: int) -> None:
    """Windows Error Reporting saw it: Application Error 1000, then 1001."""
    process = entry.process
    if process is None:
        return
    shown = f"{code:08x}"
    module = (process.name, _NO_VERSION, "00000000")
    where = ("000000000006f3a2", f"{process.pid:x}", "", process.image_path, process.image_path, "")
    properties = (*module, *module, shown, *where)
    words = f"Faulting application name: {process.name}, exception code: 0x{shown}, path: {process.image_path}"
    host.eventlog.write("Application", "Application Error", 1000, ERROR, words, properties)
    report = f"Fault bucket , type 0. Event Name: APPCRASH. P1: {process.name}"
    inserts = ("", "0", "APPCRASH", "Not available", "0", process.name, _NO_VERSION, "00000000", process.name)
    host.eventlog.write("Application", "Windows Error Reporting", 1001, INFORMATION, report, inserts)
