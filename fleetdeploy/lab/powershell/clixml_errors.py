"""Errors on the wire: an ErrorRecord and its exception as a PSRP server writes them.

The fields and their order are those of recorded messages. Look next: ``clixml`` writes everything else.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.powershell import clixml, convert, types
from fleetdeploy.lab.powershell.clixml import element, escape, named, typed
from fleetdeploy.lab.powershell.runtime.positions import position_message
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord, Int64, type_names_of, type_of

CATEGORIES: tuple[str, ...] = (
    *("NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData"),
    *("InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled"),
    *("ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied"),
    *("ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError", "FromStdErr"),
    *("SecurityError", "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded", "QuotaExceeded"),
    "NotEnabled",
)


def category_message(record: ErrorRecord) -> str:
    """What $_.CategoryInfo.ToString() says."""
    target = f"({record.target_name}:{record.target_type})"
    return f"{record.category}: {target} [{record.activity}], {record.reason}"


def error_element(record: ErrorRecord) -> ET.Element:
    made = typed(("System.Management.Automation.ErrorRecord", "System.Object"), str(record))
    own = ET.SubElement(made, "MS")
    own.append(named(exception_element(record.exception), "Exception"))
    own.append(named(clixml.to_element(record.target, 0), "TargetObject"))
    own.append(element("S", escape(record.error_id), "FullyQualifiedErrorId"))
    # What a native program writes to stderr is no entry of the history.
    history = -1 if record.error_id.startswith("NativeCommandError") else 1
    own.append(named(_invocation(record.invocation_info, history), "InvocationInfo"))
    number = CATEGORIES.index(record.category) if record.category in CATEGORIES else 0
    own.append(element("I32", str(number), "ErrorCategory_Category"))
    own.append(element("S", escape(record.activity), "ErrorCategory_Activity"))
    own.append(element("S", escape(record.reason), "ErrorCategory_Reason"))
    own.append(element("S", escape(record.target_name), "ErrorCategory_TargetName"))
    own.append(element("S", escape(record.target_type), "ErrorCategory_TargetType"))
    own.append(element("S", escape(category_message(record)), "ErrorCategory_Message"))
    if record.details is not None:
        own.append(element("S", escape(record.details), "ErrorDetails_Message"))
        own.append(element("S", escape(record.recommended_action or ""), "ErrorDetails_RecommendedAction"))
    own.append(element("B", "false", "SerializeExtendedInfo"))
    if record.script_stack_trace:
        own.append(element("S", escape(record.script_stack_trace), "ErrorDetails_ScriptStackTrace"))
    own.append(element("Nil", None, "PSMessageDetails"))
    return made


def exception_element(exception: DotNetException, nesting: int = 0) -> ET.Element:
    """With the properties of its own class before those of System.Exception; inner exceptions whole, as recorded."""
    made = typed(_names(exception), shown(exception))
    props = ET.SubElement(made, "Props")
    props.extend(_own_properties(exception))
    props.append(element("S", escape(exception.message), "Message"))
    data = typed(("System.Collections.ListDictionaryInternal", "System.Object"))
    ET.SubElement(data, "DCT")
    props.append(named(data, "Data"))
    inner = exception.inner_exception
    if inner is None or nesting > MAX_INNER:
        props.append(element("Nil", None, "InnerException"))
    else:
        props.append(named(exception_element(inner, nesting + 1), "InnerException"))
    for name in ("TargetSite", "StackTrace", "HelpLink", "Source"):
        props.append(element("Nil", None, name))
    props.append(element("I32", str(exception.hresult), "HResult"))
    return made


MAX_INNER = 10


def shown(exception: DotNetException) -> str:
    """ToString() of an exception, without the stack traces: .NET Framework writes the inner ones on the same line."""
    text = f"{exception.type_name}: {exception.message}"
    return text if exception.inner_exception is None else f"{text} ---> {shown(exception.inner_exception)}"


def _own_properties(exception: DotNetException) -> list[ET.Element]:
    """What the exception's own classes add, by the table below."""
    kind = type_of(exception)
    made: list[ET.Element] = []
    for name, properties in _PROPERTIES:
        owner = types.resolve(_SMA + name)
        if owner is not None and kind.is_assignable_to(owner):
            for tag, member, value in properties(exception):
                made.append(element("Nil" if value is None else tag, value, member))
    if kind.full_name.startswith(_SMA + "PS"):  # PSArgumentException and its like contain a record and nothing else
        made.append(element("S", escape(_record_text(exception)), "ErrorRecord"))
    return made


_SMA = "System.Management.Automation."
_Properties = list[tuple[str, str, str | None]]


def _text(value: Any) -> str | None:
    return escape(str(value)) if value else None


def _record_text(exception: DotNetException) -> str:
    """The member ErrorRecord as a string: below the depth at which objects are written."""
    own = exception.error_record
    return str(own) if isinstance(own, ErrorRecord) else exception.message


def _of_binding(exception: DotNetException) -> _Properties:
    about = exception.properties
    return [
        ("S", "ParameterName", _text(about.get("ParameterName"))),
        ("S", "ParameterType", _text(about.get("ParameterType"))),
        ("S", "TypeSpecified", _text(about.get("TypeSpecified"))),
        ("S", "ErrorId", _text(about.get("ErrorId"))),
        ("I64", "Line", "0"),
        ("I64", "Offset", "0"),
        ("S", "CommandInvocation", f"{_SMA}InvocationInfo"),
    ]


def _of_session_state(exception: DotNetException) -> _Properties:
    own = exception.error_record
    name = exception.properties.get("ItemName") or (own.target if isinstance(own, ErrorRecord) else None)
    item = isinstance(own, ErrorRecord) and own.error_id.startswith(("PathNotFound", "DriveNotFound"))
    category = exception.properties.get("SessionStateCategory") or ("Drive" if item else "Variable")
    return [("S", "ItemName", _text(name)), ("S", "SessionStateCategory", category)]


def _of_runtime(exception: DotNetException) -> _Properties:
    thrown = bool(exception.properties.get("WasThrownFromThrowStatement", False))
    return [
        ("S", "ErrorRecord", escape(_record_text(exception))),
        ("B", "WasThrownFromThrowStatement", "true" if thrown else "false"),
    ]


_PROPERTIES: tuple[tuple[str, Callable[[DotNetException], _Properties]], ...] = (
    ("ParameterBindingException", _of_binding),
    ("CommandNotFoundException", lambda e: [("S", "CommandName", _text(e.properties.get("CommandName")))]),
    ("SessionStateException", _of_session_state),
    ("IncompleteParseException", lambda e: [("S", "Errors", None)]),
    (
        "RemoteException",
        lambda e: [("S", "SerializedRemoteException", None), ("S", "SerializedRemoteInvocationInfo", None)],
    ),
    ("RuntimeException", _of_runtime),
)


def _names(exception: DotNetException) -> list[str]:
    types.load()
    return type_names_of(exception)


def _invocation(info: Any, history: int = 1) -> ET.Element:
    """Where a command or statement stood; a parse error has none. A remote pipeline's entry in the history is 1."""
    if info is None:
        return element("Nil")
    name = "System.Management.Automation.InvocationInfo"
    made = typed((name, "System.Object"), name)
    props = ET.SubElement(made, "Props")
    command = info.command
    mine = None if command is None else escape(convert.to_string(command))
    props.append(element("Nil" if mine is None else "S", mine, "MyCommand"))
    # Only the invocation of a script or function has these filled, and records do not carry that one's.
    bound = typed(("System.Collections.Generic.Dictionary`2[[System.String],[System.Object]]", "System.Object"))
    ET.SubElement(bound, "DCT")
    props.append(named(bound, "BoundParameters"))
    unbound = typed(("System.Collections.Generic.List`1[[System.Object]]", "System.Object"))
    ET.SubElement(unbound, "LST")
    props.append(named(unbound, "UnboundArguments"))
    props.append(element("I32", str(info.line), "ScriptLineNumber"))
    props.append(element("I32", str(info.column), "OffsetInLine"))
    props.append(named(clixml.to_element(Int64(history)), "HistoryId"))
    props.append(element("S", escape(info.script_name or ""), "ScriptName"))
    props.append(element("S", escape(info.line_text or ""), "Line"))
    props.append(element("S", escape(position_message(info)), "PositionMessage"))
    root = info.script_name.rpartition("\\")[0] if info.script_name else ""
    props.append(element("S", escape(root), "PSScriptRoot"))
    path = escape(info.script_name) if info.script_name else None
    props.append(element("Nil" if path is None else "S", path, "PSCommandPath"))
    props.append(element("S", escape(info.invocation_name or ""), "InvocationName"))
    for number in ("PipelineLength", "PipelinePosition"):
        props.append(element("I32", "0", number))
    props.append(element("B", "false", "ExpectingInput"))
    props.append(element("S", "Internal", "CommandOrigin"))
    props.append(element("Nil", None, "DisplayScriptPosition"))
    return made
