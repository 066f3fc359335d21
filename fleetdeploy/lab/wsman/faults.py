"""The faults of WS-Management, as Windows writes them.

Each class method makes one kind: number, subcode and words. ``xml`` is the SOAP body. Numbers and forms are those of
wsmerror.h and of recorded answers; what has no Windows counterpart says so in its message.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from fleetdeploy.lab.wsman import soap

OPERATION_TIMEOUT = 2150858793
SHELL_NOT_FOUND = 2150858843
INVALID_RESOURCE = 2150858811
RECEIVE_IN_PROGRESS = 2150859047
QUOTA_MAX_SHELLS = 2150859173
QUOTA_COMMANDS_PER_SHELL = 2150859241
SCHEMA = 2150858817
PLUGIN_FAILED = 2150858883
ACCESS_DENIED = 5
NOT_SUPPORTED = 50
INVALID_PARAMETER = 87
OPERATION_ABORTED = 995


@dataclass(slots=True)
class WSManFault(Exception):
    """A request that failed; the connection and the host live on."""

    code: int
    message: str
    subcode: str = "w:InternalError"
    sender: bool = False
    provider: str = ""
    wmi: bool = False
    """Written as MSFT_WmiError, the form in which real hosts send quota faults."""

    def __post_init__(self) -> None:
        Exception.__init__(self, self.code, self.message)

    def xml(self, machine: str) -> str:
        who = "s:Sender" if self.sender else "s:Receiver"
        text = escape(self.message)
        if self.wmi:
            detail = (
                f'<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" '
                f'xmlns:p="{soap.WMI_FAULT}"><p:CIMStatusCode>27</p:CIMStatusCode><p:Message>{text}</p:Message>'
                f"<p:MessageID>HRESULT 0x{self.code:x}</p:MessageID>"
                f"<p:OwningEntity></p:OwningEntity><p:PerceivedSeverity>0</p:PerceivedSeverity>"
                f"<p:error_Code>{self.code - (1 << 32) if self.code >= 1 << 31 else self.code}</p:error_Code>"
                f"<p:error_Type>HRESULT</p:error_Type></p:MSFT_WmiError>"
            )
        else:
            message = text
            if self.provider:
                message = (
                    f"<f:ProviderFault provider={quoteattr(self.provider)} path={quoteattr(_PLUGINS[self.provider])}>"
                    f"{text}</f:ProviderFault>"
                )
            detail = (
                f'<f:WSManFault xmlns:f="{soap.FAULT}" Code="{self.code}" Machine={quoteattr(machine)}>'
                f"<f:Message>{message}</f:Message></f:WSManFault>"
            )
        return (
            f"<s:Fault><s:Code><s:Value>{who}</s:Value><s:Subcode><s:Value>{self.subcode}</s:Value></s:Subcode></s:Code>"
            f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>'
        )

    @classmethod
    def timed_out(cls) -> WSManFault:
        return cls(
            OPERATION_TIMEOUT,
            "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
            "w:TimedOut",
        )

    @classmethod
    def shell_not_found(cls, shell_id: str) -> WSManFault:
        return cls(
            SHELL_NOT_FOUND,
            f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found "
            "on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on "
            "the server. Provide the correct ShellId or create a new shell and retry the operation. ",
            "w:InvalidSelectors",
            sender=True,
        )

    @classmethod
    def command_not_found(cls) -> WSManFault:
        return cls(
            SHELL_NOT_FOUND,
            "The WS-Management service cannot process the request because the request contained invalid selectors for "
            "the resource. ",
            "w:InvalidSelectors",
            sender=True,
        )

    @classmethod
    def invalid_resource(cls) -> WSManFault:
        return cls(
            INVALID_RESOURCE,
            "The WS-Management service cannot process the request. The service cannot find the resource identified by "
            "the resource URI and selectors. ",
            "a:DestinationUnreachable",
            sender=True,
        )

    @classmethod
    def receive_in_progress(cls) -> WSManFault:
        return cls(
            RECEIVE_IN_PROGRESS,
            "The Windows Remote Shell received a request to perform an operation on a command identifier while another "
            "receive operation is in progress. ",
        )

    @classmethod
    def too_many_shells(cls, limit: int) -> WSManFault:
        return cls(
            QUOTA_MAX_SHELLS,
            "The WS-Management service cannot process the request. This user is allowed a maximum number of "
            f"{limit} concurrent shells, which has been exceeded. Close existing shells or raise the quota for this "
            "user. ",
            "w:QuotaLimit",
            wmi=True,
        )

    @classmethod
    def too_many_commands(cls, limit: int) -> WSManFault:
        return cls(
            QUOTA_COMMANDS_PER_SHELL,
            "The WS-Management service cannot process the request. The maximum number of concurrent commands per "
            f"shell ({limit}) has been exceeded. Close existing commands or raise the quota. ",
            "w:QuotaLimit",
            wmi=True,
        )

    @classmethod
    def schema(cls, what: str) -> WSManFault:
        return cls(
            SCHEMA,
            f"The WS-Management service cannot process the request because the XML is invalid: {what}. ",
            "w:SchemaValidationError",
            sender=True,
        )

    @classmethod
    def invalid_parameter(cls, what: str) -> WSManFault:
        return cls(INVALID_PARAMETER, f"The parameter is incorrect. {what}", provider="Shell cmd plugin")

    @classmethod
    def powershell(cls, code: int, message: str) -> WSManFault:
        return cls(code, message, provider="microsoft.powershell")

    @classmethod
    def aborted(cls) -> WSManFault:
        return cls(
            OPERATION_ABORTED,
            "The I/O operation has been aborted because of either a thread exit or an application request. ",
        )

    @classmethod
    def access_denied(cls) -> WSManFault:
        """The account is known and may not manage this host."""
        return cls(ACCESS_DENIED, "Access is denied. ", "w:AccessDenied", sender=True)

    @classmethod
    def not_simulated(cls, what: str) -> WSManFault:
        return cls(NOT_SUPPORTED, f"not simulated by the lab: {what}", "w:UnsupportedFeature", sender=True)


_PLUGINS = {
    "Shell cmd plugin": r"%systemroot%\system32\winrscmd.dll",
    "microsoft.powershell": r"%systemroot%\system32\pwrshplugin.dll",
}
