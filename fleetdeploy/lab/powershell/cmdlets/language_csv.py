"""ConvertTo-Csv and ConvertFrom-Csv as Windows PowerShell 5.1 has them: every value quoted, a #TYPE line by default."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.support_properties import property_value
from fleetdeploy.lab.powershell.values import MISSING, PSCustomObject, type_names_of


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@cmdlet("ConvertTo-Csv")
class ConvertToCsv(Cmdlet):
    parameters = (
        Param("InputObject", "object", position=0, mandatory=True, pipeline=True, by_property=True),
        Param("Delimiter", "string", position=1, default=","),
        Param("NoTypeInformation", "switch", aliases=("NTI",)),
        Param("UseCulture", unsupported=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.rows = Rows(self.get("Delimiter"), with_type=not self.get("NoTypeInformation"))

    def process(self, ctx: CmdletContext) -> None:
        for line in self.rows.lines(ctx, self.get("InputObject")):
            ctx.write(line)


class Rows:
    """Makes lines of objects; the first object decides the columns."""

    def __init__(self, delimiter: str, *, with_type: bool) -> None:
        self.delimiter = delimiter
        self.with_type = with_type
        self.columns: list[str] | None = None

    def lines(self, ctx: CmdletContext, item: Any) -> list[str]:
        """The lines of one object, without line ends."""
        if not isinstance(item, PSCustomObject):
            raise NotSimulated(f"{ctx.command_name} of this kind of object", ctx.line)
        found: list[str] = []
        if self.columns is None:
            self.columns = item.names()
            if self.with_type:
                found.append(f"#TYPE {type_names_of(item)[0]}")
            found.append(self.delimiter.join(quoted(name) for name in self.columns))
        cells: list[str] = []
        for name in self.columns:
            value = property_value(ctx, item, name)
            cells.append("" if value is MISSING or value is None else quoted(convert.to_string(_plain(value))))
        found.append(self.delimiter.join(cells))
        return found


def _plain(value: Any) -> Any:
    """Collections show their type's name, as .ToString() gives."""
    return convert.net_to_string(value) if convert.is_collection(value) else value


@cmdlet("ConvertFrom-Csv")
class ConvertFromCsv(Cmdlet):
    parameters = (
        Param("InputObject", "string[]", position=0, mandatory=True, pipeline=True, by_property=True,
              allow_empty_string=True),
        Param("Delimiter", "string", position=1, default=","),
        Param("Header", "string[]"),
        Param("UseCulture", unsupported=True),
    )  # fmt: skip

    def begin(self, ctx: CmdletContext) -> None:
        self.lines: list[str] = []

    def process(self, ctx: CmdletContext) -> None:
        self.lines.extend(self.get("InputObject") or ())

    def end(self, ctx: CmdletContext) -> None:
        rows = parse_csv("\r\n".join(self.lines), self.get("Delimiter"))
        write_objects(ctx, rows, list(self.get("Header") or ()))


def write_objects(ctx: CmdletContext, rows: list[list[str]], header: list[str]) -> None:
    """One custom object per row, all values text; without a header the first row is it."""
    if rows and rows[0] and rows[0][0].startswith("#TYPE"):
        raise NotSimulated(f"{ctx.command_name} of a #TYPE line", ctx.line)
    if not header:
        if not rows:
            return
        header, rows = rows[0], rows[1:]
    if any(not name for name in header):
        raise NotSimulated(f"{ctx.command_name} with an empty column name", ctx.line)
    if len({name.lower() for name in header}) < len(header):
        ctx.fail("AlreadyPresentPSMemberInfoInternalCollectionAdd", "NotSpecified",
                 "System.Management.Automation.ExtendedTypeSystemException",
                 "The member is already present.", terminating=True)  # fmt: skip
    for row in rows:
        pairs = [(name, row[at] if at < len(row) else None) for at, name in enumerate(header)]
        ctx.write(PSCustomObject(pairs))


def parse_csv(text: str, delimiter: str) -> list[list[str]]:
    """Rows of fields; blank lines are left out, blanks around a field too, unless they are quoted."""
    rows: list[list[str]] = []
    row: list[str] = []
    field = ""
    was_quoted = False
    at = 0
    size = len(text)

    def finish_field() -> None:
        nonlocal field, was_quoted
        row.append(field if was_quoted else field.strip(" \t" if delimiter != "\t" else " "))
        field = ""
        was_quoted = False

    def finish_row() -> None:
        finish_field()
        if len(row) > 1 or row[0]:
            rows.append(list(row))
        row.clear()

    while at < size:
        char = text[at]
        at += 1
        if char == '"' and not field.strip() and not was_quoted:
            field = ""
            was_quoted = True
            while at < size:
                if text[at] == '"':
                    if text[at + 1 : at + 2] == '"':
                        field += '"'
                        at += 2
                        continue
                    at += 1
                    break
                field += text[at]
                at += 1
            while at < size and text[at] == " ":
                at += 1
        elif char == delimiter:
            finish_field()
        elif char in "\r\n":
            if char == "\r" and text[at : at + 1] == "\n":
                at += 1
            finish_row()
        else:
            field += char
    if field or row or was_quoted:
        finish_row()
    return rows
