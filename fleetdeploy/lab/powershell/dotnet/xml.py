"""System.Xml for scripts: [xml], navigation by name, members of nodes. Nodes: ``xml_nodes``; XPath: ``xml_path``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, convert_errors
from fleetdeploy.lab.powershell.dotnet import xml_nodes as nodes
from fleetdeploy.lab.powershell.dotnet.encodings import UTF8_NO_BOM
from fleetdeploy.lab.powershell.dotnet.io_streams import need, path_of
from fleetdeploy.lab.powershell.dotnet.io_text import decode_detecting
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.dotnet.xml_path import select
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    MISSING,
    EnumValue,
    NetError,
    NetObject,
    PSArray,
    PSType,
    define,
    define_enum,
    type_of,
)

_X = "System.Xml."
NODE_TYPE = define_enum(
    f"{_X}XmlNodeType",
    "None Element Attribute Text CDATA EntityReference Entity ProcessingInstruction Comment Document DocumentType"
    " DocumentFragment Notation Whitespace SignificantWhitespace EndElement EndEntity XmlDeclaration",
)
NODE = define(f"{_X}XmlNode", py=nodes.XmlNode, abstract=True, closed=True)


def _kind(name: str, made: type[nodes.XmlNode], *, aliases: tuple[str, ...] = ()) -> PSType:
    return define(f"{_X}{name}", NODE, py=made, aliases=aliases, closed=True)


DOCUMENT = _kind("XmlDocument", nodes.XmlDocument, aliases=("xml",))
ELEMENT = _kind("XmlElement", nodes.XmlElement)
ATTRIBUTE = _kind("XmlAttribute", nodes.XmlAttribute)
_kind("XmlText", nodes.XmlText)
_kind("XmlCDataSection", nodes.XmlCData)
_kind("XmlComment", nodes.XmlComment)
_kind("XmlDeclaration", nodes.XmlDeclaration)


class XmlNodeList(NetObject):
    """ChildNodes, Attributes or the answer of SelectNodes."""

    def __init__(self, items: list[Any], attributes: bool = False) -> None:
        self.items = items
        self.attributes = attributes

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def net_index(self, key: Any) -> Any:
        if isinstance(key, str):
            return next((one for one in self.items if one.name == key), None)
        at = convert.to_type(key, type_of(0))
        return self.items[at] if 0 <= at < len(self.items) else None


LIST = define(f"{_X}XmlNodeList", py=XmlNodeList, interfaces=("System.Collections.IEnumerable",), closed=True)
LIST.prop("Count", "int", len)
LIST.method("Item(int index)")(lambda found, at: found.net_index(at))
LIST.method("GetNamedItem(string name)")(lambda found, name: found.net_index(name))


def cast(value: Any) -> nodes.XmlDocument:
    """[xml]value."""
    text = convert.to_string(value, "\n")
    document = nodes.XmlDocument()
    try:
        nodes.load(document, text)
    except NetError as failure:
        message = (
            f'Cannot convert value "{text}" to type "System.Xml.XmlDocument". Error: "{failure.exception.message}"'
        )
        raise convert_errors.cast_error("InvalidCastToXmlDocument", message, failure.exception) from None
    return document


def _shown(node: nodes.XmlNode) -> Any:
    """What navigation gives of a child: text where it is nothing but text."""
    if isinstance(node, nodes.XmlElement):
        if not node.attributes and all(isinstance(child, nodes.XmlText) for child in node.children):
            return node.inner_text()
        return node
    return node.value


def _matches(node: nodes.XmlNode, name: str) -> list[nodes.XmlNode]:
    low = name.lower()
    found: list[nodes.XmlNode] = [one for one in node.attributes if low in (one.name.lower(), one.local_name.lower())]
    for child in node.children:
        own = {child.name.lower()} | ({child.local_name.lower()} if isinstance(child, nodes.XmlElement) else set())
        if low in own:
            found.append(child)
    return found


def get_by_name(node: nodes.XmlNode, name: str) -> Any:
    """node.name: attributes and children of that name in any case, one or an array."""
    found = _matches(node, name)
    if not found:
        return MISSING
    shown = [_shown(one) for one in found]
    return shown[0] if len(shown) == 1 else PSArray(shown)


def set_by_name(node: nodes.XmlNode, name: str, new: Any) -> bool:
    """node.name = text; False where there is nothing of that name."""
    found = _matches(node, name)
    if not found:
        return False
    if len(found) > 1:
        raise NotSimulated(f"setting several XML nodes named {name}")
    if not isinstance(new, str):
        throw(
            "System.Management.Automation.SetValueException",
            f'Cannot set "{name}" because only strings can be used as values to set XmlNode properties.',
        )
    target = found[0]
    if isinstance(target, nodes.XmlElement):
        if any(isinstance(child, nodes.XmlElement) for child in target.children) or target.attributes:
            throw(
                "System.Management.Automation.SetValueException",
                f'Cannot set "{name}" because it is not a simple XML node.',
            )
        _set_text(target, new)
    else:
        target.value = new
    return True


def _set_text(node: nodes.XmlNode, text: str) -> None:
    if node.value is not None or isinstance(node, nodes.XmlAttribute):
        node.value = text
        return
    node.children = []
    if text:
        node.append(nodes.XmlText(node.document, "#text", text))
    elif isinstance(node, nodes.XmlElement):
        node.empty = False


def _set_inner(node: nodes.XmlNode, text: str) -> None:
    fresh = nodes.XmlDocument()
    nodes.load(fresh, f"<r>{text}</r>")
    node.children = []
    root = fresh.root
    for child in list(root.children) if root is not None else []:
        node.append(child)


nodes.XmlNode.net_get = get_by_name  # type: ignore[attr-defined]
nodes.XmlNode.net_set = set_by_name  # type: ignore[attr-defined]
nodes.XmlNode.to_net_string = lambda node: type_of(node).full_name  # type: ignore[attr-defined]
NODE.prop("Name", "string", lambda node: node.name)
NODE.prop("LocalName", "string", lambda node: node.local_name)
NODE.prop("Prefix", "string", lambda node: node.prefix)
NODE.prop("NamespaceURI", "string", lambda node: node.namespace)
NODE.prop("NodeType", "object", lambda node: EnumValue(NODE_TYPE, (NODE_TYPE.enum_values or {})[node.kind]))
NODE.prop("Value", "string", lambda node: node.value, lambda node, value: _set_text(node, value))
NODE.prop("InnerText", "string", lambda node: node.inner_text(), _set_text)
NODE.prop("InnerXml", "string", lambda node: node.inner_xml(), _set_inner)
NODE.prop("OuterXml", "string", lambda node: node.outer_xml())
NODE.prop("ChildNodes", "object", lambda node: XmlNodeList(node.children))
NODE.prop("HasChildNodes", "bool", lambda node: bool(node.children))
NODE.prop("FirstChild", "object", lambda node: node.children[0] if node.children else None)
NODE.prop("LastChild", "object", lambda node: node.children[-1] if node.children else None)
NODE.prop("ParentNode", "object", lambda node: node.parent)
NODE.prop("OwnerDocument", "object", lambda node: node.document)
NODE.prop(
    "Attributes",
    "object",
    lambda node: XmlNodeList(node.attributes, True) if isinstance(node, nodes.XmlElement) else None,
)
ELEMENT.prop("HasAttributes", "bool", lambda node: bool(node.attributes))
ELEMENT.prop("IsEmpty", "bool", lambda node: node.empty and not node.children)
DOCUMENT.prop("DocumentElement", "object", lambda document: document.root)
DOCUMENT.prop("NameTable", "object", lambda document: document)
DOCUMENT.prop("PreserveWhitespace", "bool", lambda document: False)


def _sibling(node: nodes.XmlNode, step: int) -> nodes.XmlNode | None:
    if node.parent is None:
        return None
    at = next(index for index, one in enumerate(node.parent.children) if one is node) + step
    return node.parent.children[at] if 0 <= at < len(node.parent.children) else None


NODE.prop("NextSibling", "object", lambda node: _sibling(node, 1))
NODE.prop("PreviousSibling", "object", lambda node: _sibling(node, -1))


class NamespaceManager(NetObject):
    def __init__(self, table: Any) -> None:
        del table
        self.known: dict[str, str] = {}


MANAGER = define(f"{_X}XmlNamespaceManager", py=NamespaceManager, closed=True)
MANAGER.ctor(f"({_X}XmlDocument nameTable)")(NamespaceManager)


@MANAGER.method("AddNamespace(string prefix, string uri)")
def _add_namespace(manager: NamespaceManager, prefix: str, uri: str) -> Any:
    manager.known[prefix] = uri
    return NOTHING


_MGR = f"{_X}XmlNamespaceManager manager"


@NODE.method("SelectNodes(string xpath)", f"SelectNodes(string xpath, {_MGR})")
def select_nodes(node: nodes.XmlNode, path: str, manager: NamespaceManager | None = None) -> XmlNodeList:
    return XmlNodeList(select(node, path, manager.known if manager is not None else {}))


@NODE.method("SelectSingleNode(string xpath)", f"SelectSingleNode(string xpath, {_MGR})")
def _select_single(node: nodes.XmlNode, path: str, manager: NamespaceManager | None = None) -> Any:
    return next(iter(select_nodes(node, path, manager)), None)


NODE.method(f"AppendChild({_X}XmlNode child)")(lambda node, child: node.append(child))


@NODE.method(f"RemoveChild({_X}XmlNode child)")
def _remove_child(node: nodes.XmlNode, child: nodes.XmlNode) -> Any:
    if not any(one is child for one in node.children):
        throw("ArgumentException", "The node to be removed is not a child of this node.")
    node.children = [one for one in node.children if one is not child]
    child.parent = None
    return child


@NODE.method("RemoveAll()")
def _remove_all(node: nodes.XmlNode) -> Any:
    node.children, node.attributes = [], []
    return NOTHING


ELEMENT.method("GetAttribute(string name)")(
    lambda node, name: (one.value or "") if (one := node.attribute(name)) is not None else ""
)
ELEMENT.method("HasAttribute(string name)")(lambda node, name: node.attribute(name) is not None)


@ELEMENT.method("SetAttribute(string name, string value)")
def _set_attribute(node: nodes.XmlElement, name: str, value: str) -> Any:
    found = node.attribute(name)
    if found is None:
        found = nodes.XmlAttribute(node.document, name, value)
        found.parent = node
        node.attributes.append(found)
    found.value = value
    return NOTHING


@ELEMENT.method("RemoveAttribute(string name)")
def _remove_attribute(node: nodes.XmlElement, name: str) -> Any:
    node.attributes = [one for one in node.attributes if one.name != name]
    return NOTHING


for _kind_of in (DOCUMENT, ELEMENT):
    _kind_of.method("GetElementsByTagName(string name)")(
        lambda node, name: XmlNodeList(
            [one for one in node.descendants() if isinstance(one, nodes.XmlElement) and name in (one.name, "*")]
        )
    )
DOCUMENT.ctor("()")(nodes.XmlDocument)
DOCUMENT.method("CreateElement(string name)")(lambda document, name: nodes.XmlElement(document, name))
DOCUMENT.method("CreateTextNode(string text)")(lambda document, text: nodes.XmlText(document, "#text", text))
DOCUMENT.method("CreateComment(string text)")(lambda document, text: nodes.XmlComment(document, "#comment", text))


@DOCUMENT.method("LoadXml(string xml)")
def _load_xml(document: nodes.XmlDocument, text: str) -> Any:
    nodes.load(document, text)
    return NOTHING


@DOCUMENT.method("Load(string filename)", machine=True)
def _load_file(document: nodes.XmlDocument, machine: Any, path: str) -> Any:
    data = bytes(need(machine).fs.read_bytes(path_of(path)))
    nodes.load(document, decode_detecting(data, UTF8_NO_BOM))
    return NOTHING
