"""The WS-Management and Win32 faults that can be asked for by name or number: ``wsman-fault`` of ``lab break``.

One table. Numbers are those of wsmerror.h and winerror.h; the subcode and the form (an ordinary WSManFault, one inside
a ProviderFault, or MSFT_WmiError as for quotas) are those in which Windows sends them. The words are near to those of
an English Windows; nobody may match them. Decides nothing about when: ``injection.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleetdeploy.lab.windows.fault_kinds import FaultError, nearest
from fleetdeploy.lab.wsman.faults import WSManFault

_SAID = "The WS-Management service cannot process the request. "
_PLUGIN = "microsoft.powershell"


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. ``form``: wsman, provider or wmi; ``sender``: the client is to blame."""

    code: int
    text: str
    subcode: str = "w:InternalError"
    form: str = "wsman"
    sender: bool = False


def _quota(code: int, text: str) -> Row:
    return Row(code, f"{_SAID}{text} Close existing ones or raise the quota. ", "w:QuotaLimit", "wmi")


FAULTS: Mapping[str, Row] = {
    "timed-out": Row(
        2150858793,
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
        "w:TimedOut",
    ),
    "shell-not-found": Row(
        2150858843,
        f"{_SAID}The request contained invalid selectors for the resource. ",
        "w:InvalidSelectors",
        sender=True,
    ),
    "max-shells": _quota(2150859173, "This user is allowed a maximum number of 30 concurrent shells."),
    "max-operations": _quota(2150859174, "This user is allowed a maximum number of 1500 concurrent operations."),
    "user-quota": _quota(2150859175, "The load quota for the current user has been exceeded."),
    "system-quota": _quota(2150859176, "The load quota of the system has been exceeded."),
    "max-users": _quota(2150859179, "The maximum number of concurrent users has been exceeded."),
    "max-shells-plugin": _quota(2150859236, "The number of shells per user of this plugin has been exceeded."),
    "max-users-plugin": _quota(2150859237, "The number of concurrent users of this plugin has been exceeded."),
    "plugin-shells": _quota(2150859238, "The number of shells of this plugin has been exceeded."),
    "plugin-operations": _quota(2150859239, "The number of operations of this plugin has been exceeded."),
    "operations-plugin": _quota(2150859240, "The number of operations per user of this plugin has been exceeded."),
    "commands-per-shell": _quota(2150859241, "The maximum number of concurrent commands per shell has been exceeded."),
    "plugin-minimum": _quota(2150859242, "The plugin has not the quota that it needs at least."),
    "quota-limit": _quota(2150858815, "A quota has been exceeded."),
    "envelope-too-large": Row(
        2150858825,
        f"{_SAID}The size of the request exceeded the configured envelope size. ",
        "w:EncodingLimit",
        sender=True,
    ),
    "max-envelope-invalid": Row(
        2150858823, f"{_SAID}The maximum envelope size is too small. ", "w:EncodingLimit", sender=True
    ),
    "max-envelope-exceeded": Row(
        2150858824, f"{_SAID}The answer exceeds the maximum envelope size. ", "w:EncodingLimit"
    ),
    "envelope-limit": Row(2150858790, f"{_SAID}The answer does not fit the envelope. ", "w:EncodingLimit"),
    "receive-in-progress": Row(2150859047, "Another receive operation is in progress on the command identifier. "),
    "no-response-data": Row(2150859048, "The receive operation has no response data. "),
    "network-timed-out": Row(2150859046, "The network connection to the remote machine has timed out. "),
    "destination-unreachable": Row(
        2150858770,
        "The client cannot connect to the destination specified in the request. ",
        "a:DestinationUnreachable",
    ),
    "http-503": Row(2150859026, "The WinRM service returned HTTP status 503. "),
    "http-404": Row(2150859027, "The WinRM service returned HTTP status 404. "),
    "http-500": Row(2150859120, "The WinRM service returned HTTP status 500. "),
    "http-400": Row(2150859121, "The WinRM service returned HTTP status 400. "),
    "command-closed": Row(2150859087, "The command has been closed already. "),
    "command-terminated": Row(2150859212, "The command was terminated. "),
    "in-use": Row(2150859213, "The shell cannot be reconnected: it is in use by another client. "),
    "runas-failed": Row(2150859231, f"{_SAID}The RunAs account of the shell could not be used. "),
    "runas-credentials": Row(2150859203, f"{_SAID}The RunAs credentials are not valid. "),
    "gmsa-failed": Row(2150859261, f"{_SAID}The group managed service account could not log on. "),
    "invalid-resource": Row(
        2150858811,
        f"{_SAID}The service cannot find the resource identified by the resource URI and selectors. ",
        "a:DestinationUnreachable",
        sender=True,
    ),
    "shells-not-allowed": Row(2150859180, "Remote shell access is not allowed by policy. ", "w:AccessDenied"),
    "remote-access-disabled": Row(2150859229, "Remote access to this computer is disabled. ", "w:AccessDenied"),
    "schema": Row(2150858817, f"{_SAID}The XML is invalid. ", "w:SchemaValidationError", sender=True),
    "header": Row(
        2150858767, f"{_SAID}A header is missing or invalid. ", "a:MessageInformationHeaderRequired", sender=True
    ),
    "must-understand": Row(2150858768, f"{_SAID}A header is not understood. ", "s:MustUnderstand", sender=True),
    "plugin-failed": Row(2150858883, "The WSMan provider failed. ", form="provider"),
    "provider-failure": Row(2150858755, "The WS-Management provider failed. ", form="provider"),
    "protocol-version": Row(2152992672, "The protocol version of the client is not supported. ", form="provider"),
    "access-denied": Row(5, "Access is denied. ", "w:AccessDenied", sender=True),
    "out-of-memory": Row(14, "Not enough storage is available to complete this operation. "),
    "network-path": Row(53, "The network path was not found. "),
    "invalid-parameter": Row(87, "The parameter is incorrect. ", form="provider"),
    "busy": Row(170, "The requested resource is in use. "),
    "aborted": Row(
        995,
        "The I/O operation has been aborted because of either a thread exit or an application request. ",
    ),
    "shutting-down": Row(1115, "A system shutdown is in progress. "),
    "no-logon-servers": Row(1311, "There are currently no logon servers available. "),
    "no-logon-session": Row(1312, "A specified logon session does not exist. "),
    "bad-password": Row(1326, "The user name or password is incorrect. ", "w:AccessDenied", sender=True),
    "provider-timeout": Row(1460, "This operation returned because the timeout period expired. ", form="provider"),
    "rpc-unavailable": Row(1722, "The RPC server is unavailable. "),
    "file-not-found": Row(2147942402, "The system cannot find the file specified. ", form="provider"),
    "name-too-long": Row(2147942606, "The filename or extension is too long. ", form="provider"),
    "profile-unload": Row(
        2147943418, "Illegal operation attempted on a registry key that has been marked for deletion. "
    ),
}


def fault_of(code: str, form: str = "") -> WSManFault:
    """A fault by its name or number, in its own form or another. Raises FaultError for a name that is none."""
    row = FAULTS.get(code)
    if row is None and code.isdigit():
        row = next((one for one in FAULTS.values() if one.code == int(code)), Row(int(code), f"Error {code}. "))
    if row is None:
        raise FaultError(f"no WS-Management fault: {code}", "code", nearest(code, FAULTS, "a number, or one of"))
    form = form or row.form
    return WSManFault(
        row.code,
        row.text,
        row.subcode,
        sender=row.sender,
        provider=_PLUGIN if form == "provider" else "",
        wmi=form == "wmi",
    )
