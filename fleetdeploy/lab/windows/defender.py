"""What Microsoft Defender does to a file of a simulated host, and what it writes into its log.

Decides the records (ids, order of the inserts as in the provider's manifest) and what becomes of the file. Must not
decide when: that is ``fault_acts.py`` (quarantine) and ``scm_run.py`` (a start that is blocked). A host without
Defender (Server 2012 R2) gets no records. Called under the host's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import blobs
from .errors import FileError
from .eventlog import DEFENDER, INFORMATION, WARNING
from .nodes import Directory, File

if TYPE_CHECKING:
    from .host import WindowsHost

_PROVIDER = "Microsoft-Windows-Windows Defender"
_PRODUCT = ("Microsoft Defender Antivirus", "4.18.24050.7")
_SIGNATURES = ("AV: 1.413.100.0, AS: 1.413.100.0, NIS: 1.413.100.0", "AM: 1.1.24050.5, NIS: 1.1.24050.5")
_THREAT = ("2147814524", "Trojan:Win32/Wacatac.B!ml", "5", "Severe", "8", "Trojan")
_LINK = "https://go.microsoft.com/fwlink/?linkid=37020&name=Trojan:Win32/Wacatac.B!ml&threatid=2147814524&enterprise=0"
_SYSTEM = "NT AUTHORITY\\SYSTEM"
_RULE = "01443614-cd74-433a-b99e-2ecdc07bfc25"
"""The rule "block executables unless they meet a prevalence, age, or trusted list criterion"."""

_KILLED = 1


def files(host: WindowsHost) -> Iterator[tuple[str, File]]:
    """Every file of the host with its full path."""
    for letter, drive in host.fs.drives.items():
        yield from _below(f"{letter}:", drive.root)


def _below(path: str, folder: Directory) -> Iterator[tuple[str, File]]:
    for node in list(folder.children.values()):
        inner = f"{path}\\{node.name}"
        if isinstance(node, Directory):
            yield from _below(inner, node)
        else:
            yield inner, node


def quarantine(host: WindowsHost, path: str, *, clean: bool) -> bool:
    """Remove the file, or clean it (``clean``: other bytes, another hash), and say so; False: it is held open.

    A program that runs from it is ended first.
    """
    for process in host.processes.by_image(path):
        host.processes.end(process, _KILLED)
    try:
        if clean:
            data = bytearray(host.fs.blob(path).data) or bytearray(1)
            data[len(data) // 2] ^= 0xFF
            host.fs.put(path, blobs.intern(data))
        else:
            host.fs.delete(path)
    except FileError:
        return False
    _detected(host, 1116, path, "Not Applicable", "9", "has detected malware or other potentially unwanted software")
    action = ("Clean", "1") if clean else ("Quarantine", "2")
    _detected(host, 1117, path, *action, "has taken action to protect this machine from malware")
    return True


def blocked(host: WindowsHost, path: str) -> None:
    """A rule of attack surface reduction has not let a program start: 1121."""
    now = f"{host.clock.now():%Y-%m-%dT%H:%M:%S.%f}Z"
    process = "C:\\Windows\\System32\\services.exe"
    inserts = (*_PRODUCT, "", _RULE, now, _SYSTEM, path, process, *_SIGNATURES, "ENT\\ConsR", "", "", "", "0x00000000")
    text = (
        "Microsoft Defender Exploit Guard has blocked an operation that is not allowed by your IT administrator.\r\n"
        f" ID: {_RULE}\r\n Detection time: {now}\r\n User: {_SYSTEM}\r\n Path: {path}\r\n Process Name: {process}"
    )
    _write(host, 1121, WARNING, text, inserts)


def _detected(host: WindowsHost, event: int, path: str, action: str, action_id: str, words: str) -> None:
    now = f"{host.clock.now():%Y-%m-%dT%H:%M:%S.%f}Z"
    where = f"file:_{path}"
    state = ("1", "", "1") if event == 1116 else ("3", "", "2")
    source = ("3", "Real-Time Protection", "Unknown", _SYSTEM, "")
    origin = ("1", "Local machine", "1", "Suspended", "8", "FastPath", "0")
    done = (action_id, action, "", "0x00000000", "The operation completed successfully. ", "", "0", "0")
    inserts = (
        *_PRODUCT,
        "{7C2F0B6E-0F0C-4C0B-9E49-0C9D5B0A1D11}",
        now,
        "",
        "",
        *_THREAT,
        _LINK,
        *state,
        *source,
        where,
        *origin,
        *done,
        "No additional actions required",
        _SYSTEM if event == 1117 else "",
        "",
        *_SIGNATURES,
    )
    text = (
        f"Microsoft Defender Antivirus {words}.\r\n Name: {_THREAT[1]}\r\n ID: {_THREAT[0]}\r\n Severity: Severe\r\n"
        f" Category: Trojan\r\n Path: {where}\r\n Action: {action}"
    )
    _write(host, event, WARNING if event == 1116 else INFORMATION, text, inserts)


def _write(host: WindowsHost, event: int, level: int, text: str, inserts: tuple[str, ...]) -> None:
    if DEFENDER in host.eventlog.logs:
        host.eventlog.write(DEFENDER, _PROVIDER, event, level, text, inserts)
