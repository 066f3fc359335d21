"""The faults of WS-Management, as Windows writes them.

Each class method makes one kind: number, subcode and words. ``xml`` is the SOAP body. Numbers and forms are those of
wsmerror.h and of recorded answers (pypsrp's and pywinrm's test data hold such); what has no Windows counterpart says
so in its message. Faults of quotas are in ``quotas.py``, of disconnected shells in ``sessions.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from fleetdeploy.lab.wsman import soap

OPERATION_TIMEOUT = 2150858793
SHELL_NOT_FOUND = 2150858843
INVALID_RESOURCE = 2150858811
RECEIVE_IN_PROGRESS = 2150859047
IDLE_TIMEOUT_OUT_OF_BOUNDS = 2150859250
SCHEMA = 2150858817
PLUGIN_FAILED = 2150858883
ACCESS_DENIED = 5
NOT_SUPPORTED = 50
INVALID_PARAMETER = 87
OPERATION_ABORTED = 995
HOST_PROCESS_DIED = 1726

_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"


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
    inner: str = ""
    """What stands in the detail, where it is not the reason once more."""
    about: str = ""
    """The last part of the FaultDetail's address, where there is one."""

    def __post_init__(self) -> None:
        Exception.__init__(self, self.code, self.message)

    def xml(self, machine: str, *, wmi: bool = True) -> str:
        """The SOAP body. ``wmi`` False: a host that writes all faults as WSManFault."""
        who = "s:Sender" if self.sender else "s:Receiver"
        text = escape(self.message)
        detail = f"<w:FaultDetail>{_DETAIL}{self.about}</w:FaultDetail>" if self.about else ""
        if self.wmi and wmi:
            detail += _wmi_error(self.code, text)
        else:
            message = escape(self.inner) if self.inner else text
            if self.provider:
                message = (
                    f"<f:ProviderFault provider={quoteattr(self.provider)} path={quoteattr(_PLUGINS[self.provider])}>"
                    f"{message}</f:ProviderFault>"
                )
            detail += (
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
            inner="The Windows Remote Shell received a request to perform an operation on a command identifier that "
            "does not exist. Either the command has completed execution or the client specified an invalid command "
            "identifier. ",
            about="UnexpectedSelectors",
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
    def idle_timeout_out_of_bounds(cls, seconds: float, least: float, most: float) -> WSManFault:
        return cls(
            IDLE_TIMEOUT_OUT_OF_BOUNDS,
            f"The WS-Management service cannot process the request. The requested IdleTimeout of {seconds:.0f} seconds "
            f"is outside the allowed range of {least:.0f} to {most:.0f} seconds. ",
            "w:InvalidParameter",
            sender=True,
        )

    @classmethod
    def host_process_died(cls) -> WSManFault:
        """What a Receive gets whose wsmprovhost.exe is gone (killed, or out of memory)."""
        return cls(
            HOST_PROCESS_DIED,
            "The WSMan provider host process did not return a proper response.  A provider in the host process may "
            "have behaved improperly. ",
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
        return cls(
            INVALID_PARAMETER,
            f"The parameter is incorrect. {what}",
            "w:InvalidParameter",
            sender=True,
            provider="Shell cmd plugin",
            about="InvalidValue",
        )

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


def _wmi_error(code: int, text: str) -> str:
    """As recorded from Windows Server 2016 and later; ``text`` is escaped already. 30 is QuotaExceeded."""
    values = (
        ("CIMStatusCode", "UnsignedInt", "27"),
        ("CIMStatusCodeDescription", "String", None),
        ("ErrorSource", "String", None),
        ("ErrorSourceFormat", "UnsignedShort", "0"),
        ("ErrorType", "UnsignedShort", "0"),
        ("Message", "String", text),
        ("MessageID", "String", f"HRESULT 0x{code:x}"),
        ("OtherErrorSourceFormat", "String", None),
        ("OtherErrorType", "String", None),
        ("OwningEntity", "String", None),
        ("PerceivedSeverity", "UnsignedShort", "0"),
        ("ProbableCause", "UnsignedShort", "0"),
        ("ProbableCauseDescription", "String", None),
        ("error_Category", "UnsignedInt", "30"),
        ("error_Code", "UnsignedInt", str(code)),
        ("error_Type", "String", "HRESULT"),
        ("error_WindowsErrorMessage", "String", text),
    )
    members = "".join(
        f'<p:{name} xsi:type="cim:cim{kind}" xsi:nil="true" />'
        if value is None
        else f'<p:{name} xsi:type="cim:cim{kind}">{value}</p:{name}>'
        for name, kind, value in values
    )
    return (
        '<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:p="{soap.WMI_FAULT}" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:MSFT_WmiError_Type">'
        f"{members}</p:MSFT_WmiError>"
    )
