"""[System.Management.Automation.PSSerializer]: CLIXML as text and back. The forms themselves: ``clixml``."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.values import (
    ArrayList,
    ByteArray,
    DictionaryBase,
    NoteProperty,
    PSArray,
    PSCustomObject,
    define,
    type_names_of,
)

SERIALIZER = define("System.Management.Automation.PSSerializer", closed=True)


@SERIALIZER.static("Serialize(object source)", "Serialize(object source, int depth)")
def serialize(value: Any, depth: int = 1) -> str:
    """Indented, as the real one writes it."""
    from fleetdeploy.lab.powershell import clixml

    root = ET.fromstring(clixml.to_clixml(value, depth))  # noqa: S314 - our own text
    ET.register_namespace("", clixml.NAMESPACE)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode").replace("\n", "\r\n")
    head = f'Version="1.1.0.1" xmlns="{clixml.NAMESPACE}"'
    return text.replace(f'xmlns="{clixml.NAMESPACE}" Version="1.1.0.1"', head, 1)


def _no_cipher() -> Any:
    """Secure strings are not read here: using the cipher refuses."""
    import psrpcore.types as wire

    class NoCipher(wire.PSCryptoProvider):
        def decrypt(self, value: str) -> str:
            raise NotSimulated("a secure string in PSSerializer")

        def encrypt(self, value: str) -> str:
            raise NotSimulated("a secure string in PSSerializer")

        def register_key(self, key: bytes) -> None:
            """No key is ever used."""

    return NoCipher()


@SERIALIZER.static("Deserialize(string source)")
def deserialize(text: str) -> Any:
    """One object; several are refused."""
    import psrpcore.types as wire

    from fleetdeploy.lab.powershell import clixml_reading

    try:
        found = wire.deserialize_clixml(text, _no_cipher())
    except ET.ParseError as failure:
        throw("System.Xml.XmlException", str(failure))
    if len(found) != 1:
        raise NotSimulated("PSSerializer::Deserialize of several objects")
    return _arrived(clixml_reading.from_psrp(found[0]))


def _arrived(value: Any) -> Any:
    """What deserialising leaves: lists are ArrayLists, objects carry that they were deserialised."""
    if isinstance(value, PSArray) and not isinstance(value, ByteArray):
        return ArrayList([_arrived(item) for item in value])
    if isinstance(value, PSCustomObject):
        for member in value.members:
            if isinstance(member, NoteProperty):
                member.value = _arrived(member.value)
        prefix = "Deserialized."
        names = type_names_of(value)
        value.type_names = [name if name.startswith(prefix) else prefix + name for name in names]
    elif isinstance(value, DictionaryBase):
        for key, held in value.items():
            value.set(key, _arrived(held))
    return value
