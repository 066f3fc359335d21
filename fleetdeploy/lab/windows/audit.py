"""What a simulated host writes into its Security log about logons: 4625 (refused) and 4740 (locked out).

Decides the words and the order of the properties, as the documentation of these two events has them. Whether a logon is
refused is ``accounts.py``. Successful logons (4624) are not written: nothing here is simulated that would need them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .accounts import Account, Refusal
from .eventlog import EventLog

PROVIDER = "Microsoft-Windows-Security-Auditing"
AUDIT_LEVEL = 0  # "LogAlways": reads as Information
NOBODY = "S-1-0-0"
_SID = "SecurityIdentifier"
PROPERTY_KINDS = {
    4625: dict(
        zip((0, 3, 4, 7, 9, 10, 16, 17), f"{_SID} hex64 {_SID} hex32 hex32 uint32 uint32 IntPtr".split(), strict=True)
    ),
    4740: {2: _SID, 3: _SID, 6: "hex64"},
}
"""Which properties are no strings, by event and position (the events' manifest)."""


@dataclass(frozen=True, slots=True)
class LogonAttempt:
    """A refused logon, as the event tells it.

    Attributes:
        user, domain: as the client named them.
        logon_type: 3 network (NTLM), 8 network with a clear-text password (Basic, mapped certificates).
        process, package: who asked LSA, and the authentication package ("NtLmSsp ", "NTLM").
        workstation: what an NTLM client calls itself, "-" otherwise.
        address, port: where it came from.
    """

    user: str
    domain: str = ""
    logon_type: int = 3
    process: str = "NtLmSsp "
    package: str = "NTLM"
    workstation: str = "-"
    address: str = "-"
    port: str = "-"


def logon_refused(log: EventLog, attempt: LogonAttempt, refusal: Refusal, *, lsass: int) -> None:
    """Event 4625 with its 21 properties. The caller holds the host's lock; ``lsass``: the process that writes."""
    status, sub_status = f"0x{refusal.status:08x}", f"0x{refusal.sub_status:x}"
    properties = (
        *(NOBODY, "-", "-", "0x0"),
        *(NOBODY, attempt.user, attempt.domain),
        *(status, f"%%{refusal.reason}", sub_status, str(attempt.logon_type)),
        *(attempt.process, attempt.package, attempt.workstation, "-", "-", "0"),
        *("0x0", "-", attempt.address, attempt.port),
    )
    parts = (
        "An account failed to log on.",
        "Subject:\r\n\tSecurity ID:\t\tNULL SID\r\n\tAccount Name:\t\t-\r\n"
        "\tAccount Domain:\t\t-\r\n\tLogon ID:\t\t0x0",
        f"Logon Type:\t\t\t{attempt.logon_type}",
        "Account For Which Logon Failed:\r\n\tSecurity ID:\t\tNULL SID\r\n"
        f"\tAccount Name:\t\t{attempt.user}\r\n\tAccount Domain:\t\t{attempt.domain}",
        f"Failure Information:\r\n\tFailure Reason:\t\t{refusal.text}\r\n"
        f"\tStatus:\t\t\t0x{refusal.status:08X}\r\n\tSub Status:\t\t0x{refusal.sub_status:X}",
        "Process Information:\r\n\tCaller Process ID:\t0x0\r\n\tCaller Process Name:\t-",
        f"Network Information:\r\n\tWorkstation Name:\t{attempt.workstation}\r\n"
        f"\tSource Network Address:\t{attempt.address}\r\n\tSource Port:\t\t{attempt.port}",
        f"Detailed Authentication Information:\r\n\tLogon Process:\t\t{attempt.process}\r\n"
        f"\tAuthentication Package:\t{attempt.package}\r\n\tTransited Services:\t-\r\n"
        "\tPackage Name (NTLM only):\t-\r\n\tKey Length:\t\t0",
    )
    log.write("Security", PROVIDER, 4625, AUDIT_LEVEL, "\r\n\r\n".join(parts), properties, lsass)


def locked_out(log: EventLog, host_name: str, account: Account, *, lsass: int) -> None:
    """Event 4740 with its 7 properties. The caller holds the host's lock."""
    computer = host_name.partition(".")[0].upper()
    sid = account.sid(host_name)
    properties = (account.name, computer, sid, "S-1-5-18", f"{computer}$", "WORKGROUP", "0x3e7")
    message = (
        "A user account was locked out.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tSYSTEM\r\n"
        f"\tAccount Name:\t\t{computer}$\r\n\tAccount Domain:\t\tWORKGROUP\r\n\tLogon ID:\t\t0x3E7\r\n\r\n"
        f"Account That Was Locked Out:\r\n\tSecurity ID:\t\t{sid}\r\n\tAccount Name:\t\t{account.name}\r\n\r\n"
        f"Additional Information:\r\n\tCaller Computer Name:\t{computer}"
    )
    log.write("Security", PROVIDER, 4740, AUDIT_LEVEL, message, properties, lsass)
