"""Type names as a script writes them: what is unknown to .NET, and what only the lab does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, types
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.known_types import may_exist
from fleetdeploy.lab.powershell.values import (
    PSType,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KNOWN_ACCELERATORS = _words(
    """
    adsi adsisearcher alias allowemptycollection allowemptystring allownull argumentcompleter array bigint
    bool byte char cimclass cimconverter ciminstance cimsession cimtype cmdletbinding cultureinfo datetime
    decimal double dscresource float guid hashtable initialsessionstate int int16 int32 int64 ipaddress
    ipendpoint long mailaddress nullstring objectsecurity outputtype parameter physicaladdress powershell
    pscredential pscustomobject psdefaultvalue pslistmodifier psmoduleinfo psnoteproperty psobject
    psprimitivedictionary psscriptmethod psscriptproperty psvariable psvariableproperty ref regex runspace
    runspacefactory sbyte scriptblock securestring single string supportswildcards switch timespan type uint16
    uint32 uint64 uri validatecount validatedrive validatelength validatenotnull validatenotnullorempty
    validatepattern validaterange validatescript validateset validatetrusteddata validateuserdrive version
    void wildcardpattern wmi wmiclass wmisearcher x500distinguishedname x509certificate xml
    """
)


def resolve_type(rt: Interp, name: str, line: int = 0) -> PSType:
    """The type of a written name. What .NET surely has and the lab has not is refused, the rest is TypeNotFound."""
    found = types.resolve(name)
    if found is not None:
        return found
    for namespace in rt.namespaces:
        found = types.resolve(f"{namespace}.{name}")
        if found is not None:
            return found
    plain = name.lower().split("[")[0]
    if may_exist(plain) or plain in _KNOWN_ACCELERATORS or "[" in name.rstrip("[]"):
        raise NotSimulated(f"type [{name}]", line)
    raise runtime_error("TypeNotFound", "InvalidOperation", f"Unable to find type [{name}].", target=name)


def type_from(rt: Interp, node: ast.TypeName, line: int) -> PSType:
    return resolve_type(rt, node.full_name, line)
