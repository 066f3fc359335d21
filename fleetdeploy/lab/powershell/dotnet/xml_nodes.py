"""A small DOM as System.Xml has it: nodes, reading (white space between elements dropped), writing as .NET writes.

No scripting: what scripts reach of it is ``xml``; XPath is ``xml_path``.
"""

from __future__ import annotations

import xml.parsers.expat as expat
from collections.abc import Iterator

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.values import NetObject


class XmlNode(NetObject):
    """One node; ``kind`` is .NET's XmlNodeType name."""

    kind = "None"

    def __init__(self, document: XmlDocument | None, name: str, value: str | None = None) -> None:
        self.document = document
        self.name = name
        self.value = value
        self.parent: XmlNode | None = None
        self.children: list[XmlNode] = []
        self.attributes: list[XmlAttribute] = []
        self.namespace = ""

    @property
    def prefix(self) -> str:
        return self.name.partition(":")[0] if ":" in self.name else ""

    @property
    def local_name(self) -> str:
        return self.name.rpartition(":")[2]

    def elements(self) -> list[XmlElement]:
        return [child for child in self.children if isinstance(child, XmlElement)]

    def inner_text(self) -> str:
        if self.value is not None:
            return self.value
        return "".join(
            child.inner_text() for child in self.children if not isinstance(child, (XmlComment, XmlDeclaration))
        )

    def inner_xml(self) -> str:
        return "".join(child.outer_xml() for child in self.children)

    def outer_xml(self) -> str:
        return self.inner_xml()

    def append(self, child: XmlNode) -> XmlNode:
        if child.parent is not None:
            child.parent.children.remove(child)
        child.parent = self
        self.children.append(child)
        return child

    def descendants(self) -> Iterator[XmlNode]:
        for child in self.children:
            yield child
            yield from child.descendants()

    def attribute(self, name: str) -> XmlAttribute | None:
        return next((one for one in self.attributes if one.name == name), None)

    def lookup(self, prefix: str) -> str:
        """The namespace a prefix means here."""
        wanted = f"xmlns:{prefix}" if prefix else "xmlns"
        node: XmlNode | None = self
        while node is not None:
            found = node.attribute(wanted)
            if found is not None:
                return found.value or ""
            node = node.parent
        return ""


class XmlAttribute(XmlNode):
    kind = "Attribute"

    def outer_xml(self) -> str:
        return f'{self.name}="{escape(self.value or "", quote=True)}"'


class XmlText(XmlNode):
    kind = "Text"

    def outer_xml(self) -> str:
        return escape(self.value or "")


class XmlCData(XmlNode):
    kind = "CDATA"

    def outer_xml(self) -> str:
        return f"<![CDATA[{self.value}]]>"


class XmlComment(XmlNode):
    kind = "Comment"

    def outer_xml(self) -> str:
        return f"<!--{self.value}-->"


class XmlDeclaration(XmlNode):
    kind = "XmlDeclaration"

    def outer_xml(self) -> str:
        return f"<?xml {self.value}?>"


class XmlElement(XmlNode):
    kind = "Element"

    def outer_xml(self) -> str:
        attributes = "".join(f" {one.outer_xml()}" for one in self.attributes)
        if not self.children and self.empty:
            return f"<{self.name}{attributes} />"
        return f"<{self.name}{attributes}>{self.inner_xml()}</{self.name}>"

    empty = True


class XmlDocument(XmlNode):
    kind = "Document"

    def __init__(self) -> None:
        super().__init__(None, "#document")

    @property
    def root(self) -> XmlElement | None:
        return next(iter(self.elements()), None)


def escape(text: str, *, quote: bool = False) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("\r", "&#xD;").replace("\n", "&#xA;") if quote else text


class _Reader:
    """Builds the nodes from expat's events."""

    def __init__(self, document: XmlDocument) -> None:
        self.document = document
        self.current: XmlNode = document
        self.text = ""
        self.in_cdata = False

    def flush(self) -> None:
        if self.text.strip(" \t\r\n") and self.current is not self.document:
            self.current.append(XmlText(self.document, "#text", self.text))
        self.text = ""

    def start(self, name: str, attributes: list[str]) -> None:
        self.flush()
        element = XmlElement(self.document, name)
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            made = XmlAttribute(self.document, key, value)
            made.parent = element
            element.attributes.append(made)
        self.current.append(element)
        element.namespace = element.lookup(element.prefix)
        for one in element.attributes:
            one.namespace = element.lookup(one.prefix) if one.prefix and one.prefix != "xmlns" else ""
        self.current = element

    def end(self, name: str) -> None:
        del name
        self.flush()
        self.current = self.current.parent or self.document

    def data(self, text: str) -> None:
        self.text += text

    def start_cdata(self) -> None:
        self.flush()

    def end_cdata(self) -> None:
        self.current.append(XmlCData(self.document, "#cdata-section", self.text))
        self.text = ""

    def comment(self, text: str) -> None:
        self.flush()
        self.current.append(XmlComment(self.document, "#comment", text))

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        value = f'version="{version}"'
        if encoding:
            value += f' encoding="{encoding}"'
        if standalone >= 0:
            value += f' standalone="{"yes" if standalone else "no"}"'
        self.document.append(XmlDeclaration(self.document, "xml", value))

    @staticmethod
    def refuse(*_: object) -> None:
        raise NotSimulated("a DOCTYPE or processing instruction in XML")


def load(document: XmlDocument, text: str) -> None:
    """Replace the document's content; XmlException for text that is not well-formed."""
    fresh = XmlDocument()
    reader = _Reader(fresh)
    parser = expat.ParserCreate(encoding="utf-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartCdataSectionHandler = reader.start_cdata
    parser.EndCdataSectionHandler = reader.end_cdata
    parser.CommentHandler = reader.comment
    parser.XmlDeclHandler = reader.declaration
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as failure:
        where = f"Line {failure.lineno}, position {failure.offset + 1}."
        throw("System.Xml.XmlException", f"{expat.ErrorString(failure.code)}. {where}", hresult=-2146232000)
    document.children = []
    for child in list(fresh.children):
        document.append(child)
    for node in document.descendants():
        node.document = document
