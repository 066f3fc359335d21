"""What a transport error means: which kind of ``fleetdeploy.errors`` it is (winrm.md 4.2). One table.

It reads raw answers, since pypsrp drops what matters: the number in ``MSFT_WmiError`` (quota faults), text in nested
``ProviderFault``, the HTTP status of pages that happen to be XML. It decides nothing but the kind. Who calls:
``psrp.py``. Never compare texts here: they are translated.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_HRESULT = re.compile(r"HRESULT\s+0x([0-9a-fA-F]{1,8})")
_MAX_XML = 1_000_000


class Meaning(Enum):
    """What is to be done about it."""

    POLL_AGAIN = "poll again"  # only on Receive: nothing to say yet
    BUSY = "busy"  # no room now
    SHELL_GONE = "shell gone"  # reboot, idle timeout, service restart
    REFUSED = "refused"  # repeating does not help
    LOGIN = "login"  # never repeat
    TOO_BIG = "too big"  # the envelope is larger than the host takes
    DOUBTFUL = "doubtful"  # it may have happened
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as read from the XML: ``code`` the WSMan or Win32 number, ``subcode`` such as ``TimedOut``."""

    code: int | None
    subcode: str
    text: str
    status: int | None = None

    @property
    def meaning(self) -> Meaning:
        """By number first, then by subcode, then by HTTP status."""
        if self.code is not None and self.code in BY_CODE:
            return BY_CODE[self.code]
        if self.subcode in BY_SUBCODE:
            return BY_SUBCODE[self.subcode]
        if self.status is not None and self.status in BY_STATUS:
            return BY_STATUS[self.status]
        return Meaning.UNKNOWN


OPERATION_TIMED_OUT = 2150858793
SHELL_NOT_FOUND = 2150858843

BY_CODE: dict[int, Meaning] = {
    OPERATION_TIMED_OUT: Meaning.POLL_AGAIN,
    2150859048: Meaning.POLL_AGAIN,  # no response data
    2150859047: Meaning.POLL_AGAIN,  # a Receive is still pending
    SHELL_NOT_FOUND: Meaning.SHELL_GONE,
    2150859087: Meaning.SHELL_GONE,  # command already closed
    2150859212: Meaning.SHELL_GONE,  # command terminated
    2150859204: Meaning.SHELL_GONE,  # shell disconnected
    2150859206: Meaning.SHELL_GONE,  # it belongs to another session
    2150859230: Meaning.SHELL_GONE,  # stream disconnected
    1726: Meaning.SHELL_GONE,  # wsmprovhost has died, of its memory quota or by hand
    995: Meaning.SHELL_GONE,  # operation aborted
    1115: Meaning.SHELL_GONE,  # shutdown in progress
    2147943418: Meaning.SHELL_GONE,  # profile unload race
    2150859213: Meaning.BUSY,
    2150859173: Meaning.BUSY,  # shells of a user
    2150859174: Meaning.BUSY,  # operations of a user
    2150859175: Meaning.BUSY,
    2150859176: Meaning.BUSY,
    2150859179: Meaning.BUSY,
    2150858815: Meaning.BUSY,
    **dict.fromkeys(range(2150859236, 2150859243), Meaning.BUSY),  # quotas of the plugin
    14: Meaning.BUSY,  # out of memory
    170: Meaning.BUSY,
    1311: Meaning.BUSY,  # no logon server answered the host just now
    1722: Meaning.BUSY,
    2150858770: Meaning.BUSY,  # destination unreachable: said by a host that forwards, or is just starting
    2150859046: Meaning.BUSY,  # network timed out
    1816: Meaning.BUSY,  # processes per shell
    2150859026: Meaning.BUSY,  # 503
    2150858823: Meaning.TOO_BIG,
    2150858824: Meaning.TOO_BIG,
    2150858825: Meaning.TOO_BIG,
    2150858790: Meaning.TOO_BIG,
    2150858878: Meaning.TOO_BIG,
    1460: Meaning.DOUBTFUL,
    2150858811: Meaning.REFUSED,  # wrong resource uri: configuration name
    2150859250: Meaning.REFUSED,  # idle timeout out of bounds
    2150859180: Meaning.REFUSED,  # remote shells not allowed
    2150859229: Meaning.REFUSED,
    2150859231: Meaning.REFUSED,
    2150859203: Meaning.REFUSED,
    2150858817: Meaning.REFUSED,
    2150858767: Meaning.REFUSED,
    2150858768: Meaning.REFUSED,
    2152992672: Meaning.REFUSED,  # protocol version
    5: Meaning.LOGIN,  # access denied
    1326: Meaning.LOGIN,
    1327: Meaning.LOGIN,
    1330: Meaning.LOGIN,
    1331: Meaning.LOGIN,
    1385: Meaning.LOGIN,
    1907: Meaning.LOGIN,
    1909: Meaning.LOGIN,
}

BY_SUBCODE: dict[str, Meaning] = {
    "TimedOut": Meaning.POLL_AGAIN,
    "QuotaLimit": Meaning.BUSY,
    "InvalidSelectors": Meaning.SHELL_GONE,
    "EncodingLimit": Meaning.TOO_BIG,
    "AccessDenied": Meaning.LOGIN,
}

BY_STATUS: dict[int, Meaning] = {
    400: Meaning.SHELL_GONE,  # the sealing context is broken: a new connection may work
    401: Meaning.LOGIN,
    403: Meaning.REFUSED,
    404: Meaning.REFUSED,
    407: Meaning.REFUSED,
    411: Meaning.TOO_BIG,
    413: Meaning.TOO_BIG,
    502: Meaning.REFUSED,
    503: Meaning.BUSY,
}


def parse(body: str | bytes | None, status: int | None = None) -> Fault:
    """The fault in an HTTP answer; a page that is no SOAP fault keeps its status."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else (body or "")
    # No DTD and no giants: the answer comes from a host, not from a friend.
    if not text.strip() or len(text) > _MAX_XML or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return Fault(None, "", "", status)
    try:
        root = ElementTree.fromstring(text.strip().lstrip("\ufeff"))  # noqa: S314 - checked above
    except ElementTree.ParseError:
        return Fault(None, "", "", status)
    if not any(_local(node.tag) == "Fault" for node in root.iter()):
        return Fault(None, "", "", status)
    return Fault(_code(root), _subcode(root), _text(root), status)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _code(root: ElementTree.Element) -> int | None:
    """The innermost WSManFault's number, else MSFT_WmiError's HRESULT or error_Code."""
    found: int | None = None
    for node in root.iter():
        name = _local(node.tag)
        if name == "WSManFault":
            value = node.get("Code") or ""
            if value.isdigit() and (found is None or int(value) != 0):
                found = int(value)
        elif name == "MessageID":
            match = _HRESULT.search(node.text or "")
            if match and found is None:
                found = int(match.group(1), 16)
        elif name == "error_Code":
            value = (node.text or "").strip()
            if value.lstrip("-").isdigit() and int(value) != 0 and found is None:
                found = int(value) & 0xFFFFFFFF
    return found


def _subcode(root: ElementTree.Element) -> str:
    for node in root.iter():
        if _local(node.tag) == "Subcode":
            for value in node.iter():
                if _local(value.tag) == "Value" and value.text:
                    return value.text.strip().rpartition(":")[2]
    return ""


def _text(root: ElementTree.Element) -> str:
    """What the host says of it, for people: the deepest message, else the reason."""
    messages = [" ".join("".join(node.itertext()).split()) for node in root.iter() if _local(node.tag) == "Message"]
    messages = [message for message in messages if message]
    if messages:
        return messages[-1]
    reasons = [" ".join("".join(node.itertext()).split()) for node in root.iter() if _local(node.tag) == "Reason"]
    return reasons[0] if reasons else ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it, each once, outermost first."""
    seen: set[int] = set()
    todo: list[BaseException] = [error]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        nested = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        todo.extend(item for item in nested if isinstance(item, BaseException))


def reason(error: BaseException) -> str:
    """The innermost cause in one line; requests wraps three deep."""
    last = list(causes(error))[-1]
    text = " ".join(str(last).split()) or type(last).__name__
    return text if len(text) <= 300 else text[:297] + "..."
