"""What a host says of itself to a client that opens a pool: application private data. No state, no decisions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from psrpcore.types import PSDict, PSList, PSVersion

_PRIMITIVE = ["System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object"]


def primitive(items: dict[str, Any]) -> PSDict:
    """A PSPrimitiveDictionary: what application private data and everything in it travels as."""
    made = PSDict(items)
    made.PSObject.type_names = list(_PRIMITIVE)
    return made


@lru_cache(maxsize=32)
def private_data(powershell: str, os_build: int) -> PSDict:
    """What a host tells a client that opens a pool: its $PSVersionTable. One for all pools, which only read it."""
    version = "4.0" if powershell.startswith("4") else f"5.1.{os_build}.1"
    compatible = ["1.0", "2.0", "3.0"] + ([] if version == "4.0" else ["4.0", "5.0"])
    # The last is the engine's own version in full (recorded from 5.1).
    versions = PSList([PSVersion(v) for v in (*compatible, version)])
    versions.PSObject.type_names = ["System.Version[]", "System.Array", "System.Object"]
    table: dict[str, Any] = {
        "PSVersion": PSVersion(version),
        **({} if version == "4.0" else {"PSEdition": "Desktop"}),  # which came with 5.1
        "PSCompatibleVersions": versions,
        "CLRVersion": PSVersion("4.0.30319.42000"),
        "BuildVersion": PSVersion(f"10.0.{os_build}.1"),
        "WSManStackVersion": PSVersion("3.0"),
        "PSRemotingProtocolVersion": PSVersion("2.2" if version == "4.0" else "2.3"),
        "SerializationVersion": PSVersion("1.1.0.1"),
    }
    return primitive({"PSVersionTable": primitive(table)})
