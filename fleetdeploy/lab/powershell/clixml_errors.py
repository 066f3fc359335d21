"""Errors on the wire: an ErrorRecord and its exception as a PSRP server writes them.

The fields and their order are those of recorded messages. Look next: ``clixml`` writes everything else.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from fleetdeploy.lab.powershell import clixml, types
from fleetdeploy.lab.powershell.clixml import element, escape, named, typed
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord, Int64, type_names_of

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
    own.append(named(_invocation(record.invocation_info), "InvocationInfo"))
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


def exception_element(exception: DotNetException) -> ET.Element:
    made = typed(_names(exception), f"{exception.type_name}: {exception.message}")
    props = ET.SubElement(made, "Props")
    props.append(element("S", escape(exception.message), "Message"))
    data = typed(("System.Collections.ListDictionaryInternal", "System.Object"))
    ET.SubElement(data, "DCT")
    props.append(named(data, "Data"))
    inner = exception.inner_exception
    if inner is None:
        props.append(element("Nil", None, "InnerException"))
    else:
        props.append(element("S", escape(f"{inner.type_name}: {inner.message}"), "InnerException"))
    for name in ("TargetSite", "HelpLink", "Source", "StackTrace"):
        props.append(element("Nil", None, name))
    props.append(element("I32", str(exception.hresult), "HResult"))
    return made


def _names(exception: DotNetException) -> list[str]:
    types.load()
    return type_names_of(exception)


def _invocation(info: Any) -> ET.Element:
    """The position of the failing statement; a parse error has none."""
    if info is None:
        return element("Nil")
    name = "System.Management.Automation.InvocationInfo"
    made = typed((name, "System.Object"), name)
    props = ET.SubElement(made, "Props")
    line, column = int(getattr(info, "line", 0)), int(getattr(info, "column", 0))
    props.append(element("Nil", None, "MyCommand"))
    props.append(element("I32", str(line), "ScriptLineNumber"))
    props.append(element("I32", str(column), "OffsetInLine"))
    props.append(named(clixml.to_element(Int64(1)), "HistoryId"))
    props.append(element("S", escape(getattr(info, "script_name", "") or ""), "ScriptName"))
    props.append(element("S", escape(getattr(info, "line_text", "") or ""), "Line"))
    props.append(element("S", escape(getattr(info, "position_text", "") or ""), "PositionMessage"))
    props.append(element("S", escape(getattr(info, "invocation_name", "") or ""), "InvocationName"))
    for number in ("PipelineLength", "PipelinePosition"):
        props.append(element("I32", "0", number))
    props.append(element("B", "false", "ExpectingInput"))
    props.append(element("S", "Internal", "CommandOrigin"))
    return made
