"""Commands and parameters of Windows PowerShell 5.1 and 4.0, and how a call's words belong together.

``commands.json.gz``: ``{command: {version: "Parameter Parameter"}}``, "=" where 4.0 has what 5.1 has; made from the
reference pages of the modules that Windows Server 2016 (5.1) and Windows Server 2012 R2 (4.0) ship. Parameters that a
provider or an assembly adds when it runs (about_Providers) are in ``DYNAMIC``. Decides nothing.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.findings import words
from fleetdeploy.powershell_rules.script import Call


@dataclass(frozen=True, slots=True)
class Known:
    """A command of one version: its name and its parameters as documented, by their lower-case names."""

    name: str
    parameters: dict[str, str]


COMMON = {
    name.lower(): name
    for name in words(
        "Verbose Debug ErrorAction WarningAction ErrorVariable WarningVariable OutVariable OutBuffer PipelineVariable"
    )
}
"""about_CommonParameters. PipelineVariable came with 4.0."""
COMMON_5 = {"informationaction": "InformationAction", "informationvariable": "InformationVariable"}
COMMON_ALIASES = {
    "ea": "ErrorAction",
    "wa": "WarningAction",
    "ev": "ErrorVariable",
    "wv": "WarningVariable",
    "ov": "OutVariable",
    "ob": "OutBuffer",
    "pv": "PipelineVariable",
    "vb": "Verbose",
    "db": "Debug",
    "infa": "InformationAction",
    "iv": "InformationVariable",
    "wi": "WhatIf",
    "cf": "Confirm",
}
"""Short names of those, and of -WhatIf and -Confirm."""

DYNAMIC: dict[str, tuple[str, ...]] = {
    "get-childitem": ("CodeSigningCert", "DnsName", "Eku", "ExpiringInDays", "SSLServerAuthentication"),
    "remove-item": ("DeleteKey",),
    "set-itemproperty": ("Type",),
    "set-item": ("Type",),
}
"""What the certificate and the registry provider add (about_Certificate_Provider, about_Registry_Provider)."""

SWITCHES = words("""
    allmatches append asjob asplaintext asstring autosize casesensitive compress confirm debug descending directory file
    force hidden includeequal isabsolute isvalid keyonly leaf list noclobber noelement nonewline noqualifier
    notypeinformation nowait off oldest parent passthru quiet qualifier raw readonly recurse resolve shallow simplematch
    strict system unique useculture usebasicparsing usedefaultcredentials usetransaction valueonly verbose wait whatif
""")
"""Parameters without a value: a word behind one of them stands by itself."""


@cache
def commands(version: str) -> dict[str, Known]:
    """All commands of ``version`` by lower-case name."""
    packed = files("fleetdeploy.powershell_rules").joinpath("commands.json.gz").read_bytes()
    table: dict[str, dict[str, str]] = json.loads(gzip.decompress(packed))
    known = {}
    for name, versions in table.items():
        words = versions.get(version)
        if words is None:
            continue
        names = versions["5.1"] if words == "=" else words
        parameters = {word.lower(): word for word in names.split()}
        parameters |= {word.lower(): word for word in DYNAMIC.get(name.lower(), ())}
        known[name.lower()] = Known(name, parameters)
    return known


def common(version: str) -> dict[str, str]:
    """Parameters that every cmdlet of ``version`` has."""
    return COMMON if version == "4.0" else COMMON | COMMON_5


@dataclass(frozen=True, slots=True)
class Words:
    """A call's arguments: (parameter, its value or None), and what stands by itself."""

    named: tuple[tuple[ast.CommandParameter, ast.Node | None], ...]
    positional: tuple[ast.Node, ...]


def words_of(call: Call, switches: frozenset[str] = SWITCHES) -> Words:
    """Which value belongs to which parameter, as far as that can be told without running anything."""
    named: list[tuple[ast.CommandParameter, ast.Node | None]] = []
    positional: list[ast.Node] = []
    waiting: ast.CommandParameter | None = None
    for element in call.arguments:
        if isinstance(element, ast.CommandParameter):
            if waiting is not None:
                named.append((waiting, None))
                waiting = None
            if element.argument is not None or element.parameter_name.lower() in switches:
                named.append((element, element.argument))
            else:
                waiting = element
        elif waiting is not None:
            named.append((waiting, element))
            waiting = None
        else:
            positional.append(element)
    if waiting is not None:
        named.append((waiting, None))
    return Words(tuple(named), tuple(positional))


def parameter_value(call: Call, name: str) -> ast.Node | None:
    """The value of ``-name``, None if it is not there."""
    return next((value for word, value in words_of(call).named if word.parameter_name.lower() == name), None)


def constants_in(node: ast.Node) -> Iterator[str]:
    """Every string that is written out below a node, or is the node."""
    for below in node.walk():
        if isinstance(below, ast.StringConstantExpression):
            yield below.value
        elif isinstance(below, ast.ExpandableStringExpression):
            yield "".join(part for part in below.parts if isinstance(part, str))
