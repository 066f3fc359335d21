"""The tree of exception types, and their members. A type not listed here is a plain child of Exception."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.values import DotNetException, Hashtable, PSType, define

EXCEPTION = define("System.Exception")

_TREE = """
Exception: System.SystemException System.ApplicationException System.AggregateException
SystemException: System.ArgumentException System.ArithmeticException System.FormatException
SystemException: System.InvalidCastException
SystemException: System.InvalidOperationException System.NotSupportedException System.NotImplementedException
SystemException: System.NullReferenceException System.OutOfMemoryException System.IndexOutOfRangeException
SystemException: System.TimeoutException System.UnauthorizedAccessException System.IO.IOException
SystemException: System.RankException
SystemException: System.OperationCanceledException System.MemberAccessException System.TypeLoadException
SystemException: System.Runtime.InteropServices.ExternalException System.Security.SecurityException
SystemException: System.Security.Authentication.AuthenticationException System.Xml.XmlException
SystemException: System.IO.InternalBufferOverflowException
SystemException: System.Collections.Generic.KeyNotFoundException System.IO.InvalidDataException
SystemException: System.ArrayTypeMismatchException
SystemException: System.Threading.ThreadInterruptedException System.Management.ManagementException
SystemException: System.Management.Automation.RuntimeException
ArgumentException: System.ArgumentNullException System.ArgumentOutOfRangeException
ArgumentException: System.Text.DecoderFallbackException
ArgumentException: System.Text.RegularExpressions.RegexParseException System.DuplicateWaitObjectException
ArgumentException: System.Management.Automation.PSArgumentException
ArithmeticException: System.DivideByZeroException System.OverflowException System.NotFiniteNumberException
FormatException: System.UriFormatException
InvalidCastException: System.Management.Automation.PSInvalidCastException
InvalidOperationException: System.ObjectDisposedException System.Net.WebException
InvalidOperationException: System.Net.ProtocolViolationException
InvalidOperationException: System.Management.Automation.PSInvalidOperationException
InvalidOperationException: System.ServiceProcess.TimeoutException
NotSupportedException: System.PlatformNotSupportedException System.Management.Automation.PSNotSupportedException
IOException: System.IO.FileNotFoundException System.IO.DirectoryNotFoundException System.IO.EndOfStreamException
IOException: System.IO.PathTooLongException System.IO.DriveNotFoundException System.IO.FileLoadException
OperationCanceledException: System.Threading.Tasks.TaskCanceledException
MemberAccessException: System.MissingMemberException System.FieldAccessException
MissingMemberException: System.MissingMethodException System.MissingFieldException
ExternalException: System.ComponentModel.Win32Exception System.Runtime.InteropServices.COMException
Win32Exception: System.Net.Sockets.SocketException
RuntimeException: System.Management.Automation.CommandNotFoundException
RuntimeException: System.Management.Automation.ParameterBindingException
RuntimeException: System.Management.Automation.ItemNotFoundBase
RuntimeException: System.Management.Automation.SessionStateException
RuntimeException: System.Management.Automation.ExtendedTypeSystemException
RuntimeException: System.Management.Automation.PipelineStoppedException
RuntimeException: System.Management.Automation.ParseException
RuntimeException: System.Management.Automation.ActionPreferenceStopException
RuntimeException: System.Management.Automation.MetadataException
RuntimeException: System.Management.Automation.PropertyNotFoundException
RuntimeException: System.Management.Automation.CmdletInvocationException
RuntimeException: System.Management.Automation.RemoteException
RuntimeException: System.Management.Automation.ApplicationFailedException
RuntimeException: System.Management.Automation.HaltCommandException
RuntimeException: System.Management.Automation.WildcardPatternException
RuntimeException: System.Management.Automation.ScriptCallDepthException
RuntimeException: System.Management.Automation.ParentContainsErrorRecordException
ExtendedTypeSystemException: System.Management.Automation.MethodException
ExtendedTypeSystemException: System.Management.Automation.GetValueException
ExtendedTypeSystemException: System.Management.Automation.SetValueException
GetValueException: System.Management.Automation.GetValueInvocationException
SetValueException: System.Management.Automation.SetValueInvocationException
MethodException: System.Management.Automation.MethodInvocationException
ParseException: System.Management.Automation.IncompleteParseException
RuntimeException: System.Management.Automation.Host.HostException
ParameterBindingException: System.Management.Automation.ParameterBindingArgumentTransformationException
ParameterBindingException: System.Management.Automation.ParameterBindingValidationException
SessionStateException: System.Management.Automation.ItemNotFoundException
SessionStateException: System.Management.Automation.DriveNotFoundException
SessionStateException: System.Management.Automation.ProviderNotFoundException
SessionStateException: System.Management.Automation.SessionStateUnauthorizedAccessException
MetadataException: System.Management.Automation.ValidationMetadataException
MetadataException: System.Management.Automation.ArgumentTransformationMetadataException
MetadataException: System.Management.Automation.ParsingMetadataException
Exception: Microsoft.Management.Infrastructure.CimException
SystemException: Microsoft.PowerShell.Commands.WriteErrorException
SystemException: Microsoft.PowerShell.Commands.ServiceCommandException
SystemException: Microsoft.PowerShell.Commands.ProcessCommandException
"""

_known: dict[str, PSType] = {"Exception": EXCEPTION}


def _build() -> None:
    for line in _TREE.strip().splitlines():
        parent, _, children = line.partition(": ")
        for child in children.split():
            name = child.rsplit(".", 1)[-1]
            made = define(child, _known[parent])
            _known.setdefault(name, made)


_build()
# The real ParentContainsErrorRecordException derives SystemException; scripts only see its name.


def _message(value: DotNetException) -> str:
    return value.message


def _innermost(value: DotNetException) -> DotNetException:
    while value.inner_exception is not None:
        value = value.inner_exception
    return value


def _data(value: DotNetException) -> Hashtable:
    found: Hashtable = value.properties.setdefault("Data", Hashtable())
    return found


def _native(value: DotNetException) -> Any:
    return value.properties.get("NativeErrorCode", 0)


def _record(value: DotNetException) -> Any:
    return value.error_record


def _stack_trace(value: DotNetException) -> Any:
    if "StackTrace" not in value.properties:
        raise NotSimulated("the StackTrace of an exception")
    return value.properties["StackTrace"]


EXCEPTION.closed = True
EXCEPTION.prop("Message", "string", _message)
EXCEPTION.prop("InnerException", "System.Exception", lambda value: value.inner_exception)
EXCEPTION.prop("HResult", "int", lambda value: value.hresult)
EXCEPTION.prop("StackTrace", "string", _stack_trace)
EXCEPTION.prop("Source", "string", lambda value: value.properties.get("Source"))
EXCEPTION.prop("HelpLink", "string", lambda value: value.properties.get("HelpLink"))
EXCEPTION.prop("TargetSite", "object", lambda value: None)
EXCEPTION.prop("Data", "System.Collections.Hashtable", _data)
EXCEPTION.method("GetBaseException()")(_innermost)
_known["Win32Exception"].prop("NativeErrorCode", "int", _native)
_known["RuntimeException"].prop("ErrorRecord", "object", _record)
_known["RuntimeException"].prop("WasThrownFromThrowStatement", "bool", lambda value: False)


def _constructors(kind: PSType) -> None:
    default = f"Exception of type '{kind.full_name}' was thrown."
    null_name = kind.name in ("ArgumentNullException", "ArgumentOutOfRangeException")

    @kind.ctor("()")
    def _empty() -> DotNetException:
        return DotNetException(kind.full_name, default)

    @kind.ctor("(string message)")
    def _text(message: str) -> DotNetException:
        if null_name:
            first = (
                "Value cannot be null."
                if kind.name == "ArgumentNullException"
                else "Specified argument was out of the range of valid values."
            )
            return DotNetException(kind.full_name, f"{first}\r\nParameter name: {message}")
        return DotNetException(kind.full_name, message)

    @kind.ctor("(string message, System.Exception inner)")
    def _inner(message: str, inner: DotNetException) -> DotNetException:
        return DotNetException(kind.full_name, message, inner)

    @kind.ctor("(string message, string param)")
    def _param(message: str, param: str) -> DotNetException:
        if null_name:
            message, param = param, message
        if "ArgumentException" in kind.full_name or null_name:
            message = f"{message}\r\nParameter name: {param}"
        result = DotNetException(kind.full_name, message)
        result.properties["ParamName" if "Argument" in kind.name else "FileName"] = param
        return result

    if kind.name == "Win32Exception":

        @kind.ctor("(int error)")
        def _code(number: int) -> DotNetException:
            from fleetdeploy.lab.windows.errors import Win32Error

            return DotNetException(kind.full_name, str(Win32Error(number)), properties={"NativeErrorCode": number})


for _kind in {id(kind): kind for kind in _known.values()}.values():
    _kind.closed = True
    _constructors(_kind)
