"""ConstrainedLanguage: what a script may do with types on a host that is locked down by WDAC or AppLocker.

The rule of Windows PowerShell (its binders and ``CoreTypes``; about_Language_Modes): reading is free, but methods,
constructors, property setters and conversions are for core types alone; ``ToString()`` is for all. Where a member is
refused, it does not matter whether it exists. What the mode changes besides (modules, jobs, data sections) the lab does
not have.

Two records of 5.1 against what one would expect: ``[pscustomobject]@{}`` fails (its conversion has an internal type for
a target, which is not in the list), ``[ordered]@{}`` does not (it is no conversion).
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.typesystem import PSType
from fleetdeploy.lab.powershell.values import PSRuntimeError, type_of

CONSTRAINED = "ConstrainedLanguage"

_SYSTEM = """Array Boolean Byte Char DateTime Decimal Double Single Guid Int32 Int16 Int64 SByte String TimeSpan UInt16
UInt32 UInt64 Uri Version Void Object[] Collections.Hashtable Globalization.CultureInfo Numerics.BigInteger
Net.IPAddress Net.IPEndPoint Net.Mail.MailAddress Net.NetworkInformation.PhysicalAddress Security.SecureString
Security.AccessControl.ObjectSecurity Security.Cryptography.X509Certificates.X509Certificate
Security.Cryptography.X509Certificates.X500DistinguishedName Text.RegularExpressions.Regex Xml.XmlDocument
DirectoryServices.DirectoryEntry DirectoryServices.DirectorySearcher Management.ManagementClass
Management.ManagementObject Management.ManagementObjectSearcher"""
_AUTOMATION = """PSCredential PSListModifier PSObject PSCustomObject PSPrimitiveDictionary PSReference SwitchParameter
WildcardPattern AliasAttribute AllowEmptyCollectionAttribute AllowEmptyStringAttribute AllowNullAttribute
ArgumentCompleterAttribute CmdletBindingAttribute OutputTypeAttribute ParameterAttribute PSDefaultValueAttribute
PSTypeNameAttribute SupportsWildcardsAttribute ValidateCountAttribute ValidateDriveAttribute ValidateLengthAttribute
ValidateNotNullAttribute ValidateNotNullOrEmptyAttribute ValidatePatternAttribute ValidateRangeAttribute
ValidateScriptAttribute ValidateSetAttribute ValidateUserDriveAttribute Language.NullString"""
_CIM = "CimInstance CimClass CimType CimConverter CimSession"
CORE = frozenset(
    [f"System.{name}" for name in _SYSTEM.split()]
    + [f"System.Management.Automation.{name}" for name in _AUTOMATION.split()]
    + [f"Microsoft.Management.Infrastructure.{name}" for name in _CIM.split()]
    + ["Microsoft.PowerShell.Commands.ModuleSpecification"]
)
"""Full names of the core types of Windows PowerShell 5.1; besides these every enumeration, ``Nullable`` and arrays."""

_CUSTOM = "System.Management.Automation.LanguagePrimitives+InternalPSCustomObject"


def is_core(kind: PSType) -> bool:
    if kind.full_name in CORE or kind.is_enum:
        return True
    if kind.generic_definition is not None:
        return kind.full_name.startswith("System.Nullable`1")
    return kind.is_array and kind.element_type is not None and is_core(kind.element_type)


def check_call(kind: PSType, name: str) -> None:
    """Before a method ``name`` of a type, or of a value of that type, is called."""
    if name.lower() != "tostring" and not is_core(kind):
        raise _refusal(
            "MethodInvocationNotSupportedInConstrainedLanguage",
            "Cannot invoke method. Method invocation is supported only on core types in this language mode.",
        )


def check_static_call(kind: PSType, name: str) -> None:
    """Before ``[kind]::name(...)``; ``new`` makes an object, with an error of its own."""
    if name.lower() != "new":
        check_call(kind, name)
    elif not is_core(kind):
        raise _refusal(
            "CannotCreateTypeConstrainedLanguage",
            "Cannot create type. Only core types are supported in this language mode.",
        )


def check_set(owner: Any) -> None:
    """Before a property of a value, or of a type, is set."""
    if not is_core(owner if isinstance(owner, PSType) else type_of(owner)):
        raise _refusal(
            "PropertySetterNotSupportedInConstrainedLanguage",
            "Cannot set property. Property setting is supported only on core types in this language mode.",
        )


def allows_conversion(value: Any, kind: PSType) -> bool:
    """Whether ``value`` may become a ``kind``: what it is already, and $null, may always."""
    if value is None or kind.full_name == "System.Object" or is_core(kind):
        return True
    return type_of(value).is_assignable_to(kind)


def check_conversion(value: Any, kind: PSType) -> None:
    """Before ``[kind]value``."""
    if not allows_conversion(value, kind):
        raise _no_conversion(kind.full_name)


def no_custom_object() -> PSRuntimeError:
    """``[pscustomobject]…``, whatever is converted."""
    return _no_conversion(_CUSTOM)


def check_parameter(value: Any, kind: PSType, name: str) -> None:
    """Before an argument is converted for a parameter of a script: how that fails is recorded nowhere."""
    if not allows_conversion(value, kind):
        raise NotSimulated(f"the parameter -{name} of the type {kind.full_name} in {CONSTRAINED}")


def _no_conversion(name: str) -> PSRuntimeError:
    return runtime_error(
        "ConversionSupportedOnlyToCoreTypes",
        "InvalidArgument",
        f'Cannot convert value to type "{name}". Only core types are supported in this language mode.',
    )


def _refusal(error_id: str, message: str) -> PSRuntimeError:
    return runtime_error(error_id, "InvalidOperation", message)
