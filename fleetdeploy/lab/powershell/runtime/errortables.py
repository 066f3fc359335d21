"""Member tables of ErrorRecord, CategoryInfo and ErrorDetails, and what a RuntimeException says of itself.

As typetables.py: what `dotnet/` defines already is left as it is.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, types
from fleetdeploy.lab.powershell.runtime.errors import complete
from fleetdeploy.lab.powershell.typesystem import BY_CLASS, REGISTRY, PSType, define, define_enum
from fleetdeploy.lab.powershell.values import DotNetException, EnumValue, ErrorRecord, NetObject

SMA = "System.Management.Automation."
_CATEGORIES = (
    "NotSpecified OpenError CloseError DeviceError DeadlockDetected InvalidArgument InvalidData InvalidOperation "
    "InvalidResult InvalidType MetadataError NotImplemented NotInstalled ObjectNotFound OperationStopped "
    "OperationTimeout SyntaxError ParserError PermissionDenied ResourceBusy ResourceExists ResourceUnavailable "
    "ReadError WriteError FromStdErr SecurityError ProtocolError ConnectionError AuthenticationError "
    "LimitsExceeded QuotaExceeded NotEnabled"
)


class CategoryInfo(NetObject):
    """ErrorCategoryInfo of a record: reads through."""

    def __init__(self, record: ErrorRecord) -> None:
        self.record = record

    def to_net_string(self) -> str:
        record = self.record
        target = f"({record.target_name}:{record.target_type})"
        activity = f"[{record.activity}]"
        return f"{record.category}: {target} {activity}, {record.reason}"


class ErrorDetails(NetObject):
    """ErrorDetails: message and recommended action."""

    def __init__(self, message: str, action: str = "") -> None:
        self.message = message
        self.action = action

    def to_net_string(self) -> str:
        return self.message


def category_value(name: Any) -> Any:
    kind = types.resolve(f"{SMA}ErrorCategory")
    return name if kind is None else convert.to_type(name, kind)


def _details(record: ErrorRecord) -> Any:
    if record.details is None:
        return None
    return ErrorDetails(record.details, record.recommended_action or "")


def _set_details(record: ErrorRecord, value: Any) -> None:
    if isinstance(value, ErrorDetails):
        record.details = value.message
        record.recommended_action = value.action or None
    else:
        record.details = None


def _make(exception: DotNetException, error_id: str, category: Any, target: Any) -> ErrorRecord:
    name = category.name if isinstance(category, EnumValue) else convert.to_string(category_value(category))
    record = ErrorRecord(exception, error_id, name, target)
    return complete(record)


def _own_record(exception: DotNetException) -> Any:
    if exception.error_record is None:
        name = exception.type_name.rsplit(".", 1)[-1]
        record = ErrorRecord(
            exception, name if name != "RuntimeException" else "RuntimeException", "NotSpecified", None
        )
        complete(record)
        exception.error_record = record
    return exception.error_record


def _stack_trace(value: ErrorRecord) -> str | None:
    """Of a record that nobody has thrown or written yet there is none."""
    if not value.script_stack_trace and value.invocation_info is not None:
        raise NotSimulated("[ErrorRecord].ScriptStackTrace")
    return value.script_stack_trace or None


def load() -> None:
    if f"{SMA}ErrorCategory".lower() not in REGISTRY:
        define_enum(f"{SMA}ErrorCategory", _CATEGORIES)
    record = REGISTRY[f"{SMA}ErrorRecord".lower()]
    for name, type_name, getter in (
        ("Exception", "System.Exception", lambda value: value.exception),
        ("FullyQualifiedErrorId", "string", lambda value: value.error_id),
        ("CategoryInfo", "object", CategoryInfo),
        ("TargetObject", "object", lambda value: value.target),
        ("InvocationInfo", "object", lambda value: value.invocation_info),
        ("ScriptStackTrace", "string", _stack_trace),
        ("PipelineIterationInfo", "object", lambda value: None),
    ):
        if name.lower() not in record.properties:
            record.prop(name, type_name, getter)
    if "errordetails" not in record.properties:
        record.prop("ErrorDetails", "object", _details, _set_details)
    if not record.constructors:
        record.ctor("(System.Exception exception, string errorId, object errorCategory, object targetObject)")(_make)
    if "tostring" not in record.methods:
        record.method("ToString()")(str)
    info = _type(f"{SMA}ErrorCategoryInfo", CategoryInfo)
    for name in ("Activity", "Reason", "TargetName", "TargetType"):
        attribute = {
            "Activity": "activity",
            "Reason": "reason",
            "TargetName": "target_name",
            "TargetType": "target_type",
        }[name]
        info.prop(name, "string", lambda value, attribute=attribute: getattr(value.record, attribute))  # type: ignore[misc]
    info.prop("Category", "object", lambda value: category_value(value.record.category))
    info.method("ToString()", "GetMessage()")(lambda value: value.to_net_string())
    details = _type(f"{SMA}ErrorDetails", ErrorDetails)
    details.prop("Message", "string", lambda value: value.message)
    details.prop("RecommendedAction", "string", lambda value: value.action, _set_action)
    details.ctor("(string message)")(ErrorDetails)
    details.method("ToString()")(lambda value: value.message)
    runtime = REGISTRY[f"{SMA}RuntimeException".lower()]
    runtime.prop("ErrorRecord", "object", _own_record)
    runtime.prop(
        "WasThrownFromThrowStatement",
        "bool",
        lambda value: bool(value.properties.get("WasThrownFromThrowStatement", False)),
    )


def _set_action(value: ErrorDetails, action: str) -> None:
    value.action = action


def _type(name: str, cls: type) -> PSType:
    found = REGISTRY.get(name.lower()) or define(name)
    BY_CLASS.setdefault(cls, found)
    return found
