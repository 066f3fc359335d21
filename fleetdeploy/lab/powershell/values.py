"""How .NET values are represented in Python, in one name space: what everybody imports.

$null=None, Boolean=bool, Int32=int, Double=float, String=str, Decimal=decimal.Decimal; every other .NET value has a
class in ``scalars``, ``objects``, ``exceptions`` or ``containers``, or derives ``NetObject`` in ``dotnet/`` (streams,
XML). Only data: conversion is ``convert``, operators are ``operators``, members are ``members``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fleetdeploy.lab.powershell.containers import *  # noqa: F403
from fleetdeploy.lab.powershell.exceptions import *  # noqa: F403
from fleetdeploy.lab.powershell.objects import *  # noqa: F403
from fleetdeploy.lab.powershell.objects import PSCUSTOMOBJECT_NAMES as PSCUSTOMOBJECT_NAMES
from fleetdeploy.lab.powershell.objects import TYPE as TYPE
from fleetdeploy.lab.powershell.objects import PSCustomObject as PSCustomObject
from fleetdeploy.lab.powershell.scalars import *  # noqa: F403
from fleetdeploy.lab.powershell.scalars import ExtendedStr as ExtendedStr
from fleetdeploy.lab.powershell.scalars import NetObject as NetObject
from fleetdeploy.lab.powershell.typesystem import ACCELERATORS as ACCELERATORS
from fleetdeploy.lab.powershell.typesystem import BY_CLASS as BY_CLASS
from fleetdeploy.lab.powershell.typesystem import ENUM as ENUM
from fleetdeploy.lab.powershell.typesystem import MISSING as MISSING
from fleetdeploy.lab.powershell.typesystem import OBJECT as OBJECT
from fleetdeploy.lab.powershell.typesystem import REGISTRY as REGISTRY
from fleetdeploy.lab.powershell.typesystem import VALUE_TYPE as VALUE_TYPE
from fleetdeploy.lab.powershell.typesystem import NetError as NetError
from fleetdeploy.lab.powershell.typesystem import Overload as Overload
from fleetdeploy.lab.powershell.typesystem import Property as Property
from fleetdeploy.lab.powershell.typesystem import PSRuntimeError as PSRuntimeError
from fleetdeploy.lab.powershell.typesystem import PSType as PSType
from fleetdeploy.lab.powershell.typesystem import define as define
from fleetdeploy.lab.powershell.typesystem import define_enum as define_enum


def type_of(value: Any) -> PSType:
    """The .NET type of a value; of $null it is Object (callers test for None first)."""
    found = BY_CLASS.get(type(value))
    if found is not None and not isinstance(value, (NetObject, PSType)):
        return found
    net_type = getattr(value, "net_type", None)
    if isinstance(net_type, PSType):
        return net_type
    if isinstance(value, PSType):
        return TYPE
    for cls in type(value).__mro__:
        if cls in BY_CLASS:
            return BY_CLASS[cls]
    return OBJECT


def type_names_of(value: Any) -> list[str]:
    """PSTypeNames: own ones, or the .NET ancestry."""
    own = getattr(value, "type_names", None)
    if own is not None:
        return list(own)
    if isinstance(value, PSCustomObject):
        return list(PSCUSTOMOBJECT_NAMES)
    names: list[str] = []
    current: PSType | None = type_of(value)
    while current is not None:
        names.append(current.full_name)
        current = current.base
    return names


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


PSObjectLike = (NetObject, ExtendedStr)
"""Values that can carry added members and type names."""
