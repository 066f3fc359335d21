"""Write-* and Out-*: what goes to which stream."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.runtime.errors import complete
from fleetdeploy.lab.powershell.runtime.values_ext import (
    HostInformationMessage,
    InformationRecord,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import DotNetException, EnumValue, ErrorRecord

_CATEGORIES = [
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
]


@cmdlet("Write-Output", aliases=("echo", "write"))
class WriteOutput(Cmdlet):
    parameters = (
        Param("InputObject", "object", position=0, mandatory=True, pipeline=True, remaining=True, allow_null=True,
              allow_empty_collection=True),
        Param("NoEnumerate", "switch"),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        ctx.write(self.get("InputObject"), unroll=not self.get("NoEnumerate"))


@cmdlet("Write-Error")
class WriteError(Cmdlet):
    default_set = "NoException"
    parameters = (
        Param("Message", "string", position=0, mandatory=True, pipeline=True, sets=("NoException",), aliases=("Msg",),
              allow_null=True, allow_empty_string=True),
        Param("Exception", "object", sets=("WithException",), mandatory=True),
        Param("ErrorRecord", "object", sets=("ErrorRecord",), mandatory=True),
        Param("Category", "string", validate_set=tuple(_CATEGORIES)),
        Param("ErrorId", "string"),
        Param("TargetObject", "object"),
        Param("RecommendedAction", "string"),
        Param("CategoryActivity", "string", aliases=("Activity",)),
        Param("CategoryReason", "string", aliases=("Reason",)),
        Param("CategoryTargetName", "string", aliases=("TargetName",)),
        Param("CategoryTargetType", "string", aliases=("TargetType",)),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        given = self.get("ErrorRecord")
        if isinstance(given, ErrorRecord):
            record = ErrorRecord(given.exception, given.error_id, given.category, given.target)
            record.__dict__.update(given.__dict__)
        else:
            exception = self.get("Exception")
            if not isinstance(exception, DotNetException):
                kind = "Microsoft.PowerShell.Commands.WriteErrorException"
                exception = DotNetException(kind, self.get("Message") or "", hresult=-2146233087)
            category = self.get("Category") or "NotSpecified"
            category = next(one for one in _CATEGORIES if one.lower() == category.lower())
            error_id = self.get("ErrorId") or exception.type_name
            record = ErrorRecord(exception, error_id, category, self.get("TargetObject"))
            if exception.error_record is None:
                exception.error_record = record
            if self.get("RecommendedAction"):
                record.recommended_action = self.get("RecommendedAction")
                record.details = record.details or exception.message
        frame = ctx.interp.frame
        outer: Any = getattr(ctx, "outer_cmdlet", None)
        caller = frame.name if frame is not None and outer is None else ""
        record.activity = self.get("CategoryActivity") or "Write-Error"
        record.reason = self.get("CategoryReason") or record.exception.type_name.rsplit(".", 1)[-1]
        complete(record)
        record.target_name = self.get("CategoryTargetName") or record.target_name
        record.target_type = self.get("CategoryTargetType") or record.target_type
        if caller and not record.error_id.endswith(f",{caller}"):
            record.error_id = f"{record.error_id},{caller}"
        if outer is not None:
            record.invocation_info = outer.info
        elif frame is not None:
            # At the top of a script the record has no line: the script's own invocation has none.
            record.invocation_info = frame.info
        processor: Any = ctx
        processor.write_error(record)


@cmdlet("Write-Warning")
class WriteWarning(Cmdlet):
    parameters = (
        Param(
            "Message", "string", position=0, mandatory=True, pipeline=True, aliases=("Msg",), allow_empty_string=True
        ),
    )

    def process(self, ctx: CmdletContext) -> None:
        ctx.warning(self.get("Message"))


@cmdlet("Write-Verbose")
class WriteVerbose(WriteWarning):
    def process(self, ctx: CmdletContext) -> None:
        ctx.verbose(self.get("Message"))


@cmdlet("Write-Debug")
class WriteDebug(WriteWarning):
    def process(self, ctx: CmdletContext) -> None:
        ctx.debug(self.get("Message"))


@cmdlet("Write-Information")
class WriteInformation(Cmdlet):
    parameters = (
        Param("MessageData", "object", position=0, mandatory=True, pipeline=True, allow_null=True,
              aliases=("Msg", "Message")),
        Param("Tags", "string[]", position=1),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        tags = self.get("Tags")
        ctx.information(self.get("MessageData"), tuple(tags) if tags is not None else ())


@cmdlet("Write-Host")
class WriteHost(Cmdlet):
    parameters = (
        Param(
            "Object", "object", position=0, pipeline=True, remaining=True, aliases=("Msg", "Message"), allow_null=True
        ),
        Param("NoNewline", "switch"),
        Param("Separator", "object"),
        Param("ForegroundColor", "string"),
        Param("BackgroundColor", "string"),
    )

    def process(self, ctx: CmdletContext) -> None:
        value = self.get("Object")
        separator = convert.to_string(self.get("Separator")) if self.bound("Separator") else " "
        if is_enumerable(value):
            text = separator.join(convert.written(item) for item in iterate(value))
        else:
            text = convert.written(value)
        record = InformationRecord(HostInformationMessage(text, bool(self.get("NoNewline"))), ("PSHOST",))
        rt = ctx.interp
        given = getattr(ctx, "common", {}).get("informationaction")
        action = convert.to_string(given).lower() if given is not None else "continue"
        if action != "ignore":
            rt.write_information(record, shown=action != "silentlycontinue" or given is None)


@cmdlet("Write-Progress")
class WriteProgress(Cmdlet):
    parameters = (
        Param("Activity", "string", position=0, mandatory=True),
        Param("Status", "string", position=1),
        Param("Id", "int", position=2, default=0),
        Param("PercentComplete", "int", default=-1),
        Param("SecondsRemaining", "int", default=-1),
        Param("CurrentOperation", "string"),
        Param("ParentId", "int", default=-1),
        Param("Completed", "switch"),
        Param("SourceId", "int", default=0),
    )

    def process(self, ctx: CmdletContext) -> None:
        if ctx.interp.preference("ProgressPreference", "continue") != "continue":
            return
        ctx.progress(
            {
                "activity": self.get("Activity"),
                "status": self.get("Status") or "Processing",
                "activity_id": self.get("Id"),
                "percent_complete": self.get("PercentComplete"),
                "seconds_remaining": self.get("SecondsRemaining"),
                "current_operation": self.get("CurrentOperation"),
                "parent_activity_id": self.get("ParentId"),
                "completed": bool(self.get("Completed")),
            }
        )


@cmdlet("Out-Null")
class OutNull(Cmdlet):
    parameters = (Param("InputObject", "object", pipeline=True, allow_null=True),)


@cmdlet("Out-Default")
class OutDefault(Cmdlet):
    parameters = (Param("InputObject", "object", pipeline=True, allow_null=True),)

    def process(self, ctx: CmdletContext) -> None:
        raise NotSimulated("Out-Default", ctx.line)


@cmdlet("Out-String")
class OutString(Cmdlet):
    """Only of what is shown as plain text: the lab has no tables and lists."""

    parameters = (
        Param("InputObject", "object", pipeline=True, allow_null=True),
        Param("Stream", "switch"),
        Param("Width", "int"),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.lines: list[str] = []

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("InputObject"):
            self.lines.extend(shown_lines(self.get("InputObject"), ctx.line))

    def end(self, ctx: CmdletContext) -> None:
        if self.get("Stream"):
            for line in self.lines:
                ctx.write(line)
        else:
            ctx.write("".join(f"{line}\r\n" for line in self.lines))


def shown_lines(value: Any, line: int) -> list[str]:
    """How the default view shows a value that is plain text."""
    if value is None:
        return []
    if isinstance(value, (str, bool, int, float, EnumValue)):
        return convert.net_to_string(value).split("\n") if not isinstance(value, str) else str(value).split("\n")
    if is_enumerable(value):
        found: list[str] = []
        for item in iterate(value):
            found.extend(shown_lines(item, line))
        return found
    raise NotSimulated(f"the default view of {type(value).__name__}", line)
