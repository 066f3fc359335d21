"""CultureInfo and TextInfo: the lab's hosts know en-US and the invariant culture only."""

from __future__ import annotations

import re

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.values import NetObject, define


class CultureInfo(NetObject):
    """Only en-US and the invariant culture."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def invariant(self) -> bool:
        return self.name == ""

    def to_net_string(self) -> str:
        return self.name


CULTURE = define(
    "System.Globalization.CultureInfo",
    aliases=("cultureinfo",),
    py=CultureInfo,
    interfaces=("System.IFormatProvider", "System.ICloneable"),
)
INVARIANT = CultureInfo("")
EN_US = CultureInfo("en-US")
CULTURE.static_prop("InvariantCulture", "object", lambda _: INVARIANT)
for _name in ("CurrentCulture", "CurrentUICulture", "InstalledUICulture"):
    CULTURE.static_prop(_name, "object", lambda _: EN_US)
CULTURE.prop("Name", "string", lambda culture: culture.name)
CULTURE.prop("LCID", "int", lambda culture: 127 if culture.invariant else 1033)
CULTURE.prop(
    "DisplayName",
    "string",
    lambda culture: "Invariant Language (Invariant Country)" if culture.invariant else "English (United States)",
)


class TextInfo(NetObject):
    """Casing of a culture; the lab's two agree on letters."""


TEXT_INFO = define("System.Globalization.TextInfo", py=TextInfo)
TEXT_INFO.prop("ListSeparator", "string", lambda _: ",")
TEXT_INFO.method("ToUpper(string str)")(lambda _, text: text.upper())
TEXT_INFO.method("ToLower(string str)")(lambda _, text: text.lower())


@TEXT_INFO.method("ToTitleCase(string str)")
def _title_case(info: TextInfo, text: str) -> str:
    """Each word begins with a capital; a word all in capitals stays as it is. Apostrophes do not end a word."""
    del info

    def word(match: re.Match[str]) -> str:
        found = match[0]
        return found if found.isupper() and len(found) > 1 else found[0].upper() + found[1:].lower()

    if not text.isascii():
        raise NotSimulated("ToTitleCase beyond ASCII")
    return re.sub(r"[A-Za-z][A-Za-z0-9']*", word, text)


CULTURE.prop("TextInfo", "object", lambda _: TextInfo())


def culture(name: str) -> CultureInfo:
    if name.lower() == "en-us":
        return EN_US
    if name == "":
        return INVARIANT
    raise NotSimulated(f"the culture {name}")


CULTURE.static("GetCultureInfo(string name)")(culture)
CULTURE.static("new(string name)")(culture)
CULTURE.ctor("(string name)")(culture)
