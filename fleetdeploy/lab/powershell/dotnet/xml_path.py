"""The part of XPath that scripts use: paths, //, @attribute, text(), name and position tests. The rest is refused."""

from __future__ import annotations

import re

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.xml_nodes import XmlAttribute, XmlCData, XmlDocument, XmlNode, XmlText

_STEP = re.compile(r"(//|/)?(@)?(\*|\.\.|\.|text\(\)|node\(\)|[\w.-]+(?::(?:[\w.-]+|\*))?)((?:\[[^\[\]]*\])*)")


def select(start: XmlNode, path: str, namespaces: dict[str, str]) -> list[XmlNode]:
    """The nodes a path selects, in document order."""
    if "|" in path:
        raise NotSimulated(f"the XPath '{path}'")
    current: list[XmlNode] = [start]
    position = 0
    text = path.strip()
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (position and not match[1]):
            raise NotSimulated(f"the XPath '{path}'")
        axis, attribute, test, predicates = match.groups()
        if position == 0 and axis:
            current = [_top(start)]
        current = _step(current, axis == "//", bool(attribute), test, predicates, namespaces, path)
        position = match.end()
    return current


def _top(node: XmlNode) -> XmlNode:
    while node.parent is not None:
        node = node.parent
    return node


def _step(
    nodes: list[XmlNode],
    deep: bool,
    attribute: bool,
    test: str,
    predicates: str,
    namespaces: dict[str, str],
    path: str,
) -> list[XmlNode]:
    found: list[XmlNode] = []
    for node in nodes:
        origins = [node, *node.descendants()] if deep else [node]
        for origin in origins:
            if attribute:
                kept: list[XmlNode] = [one for one in origin.attributes if _fits(one, test, namespaces)]
            elif test == ".":
                kept = [origin]
            elif test == "..":
                kept = [origin.parent] if origin.parent is not None else []
            elif test == "text()":
                kept = [child for child in origin.children if isinstance(child, (XmlText, XmlCData))]
            elif test == "node()":
                kept = list(origin.children)
            else:
                kept = [child for child in origin.elements() if _fits(child, test, namespaces)]
            for predicate in re.findall(r"\[([^\[\]]*)\]", predicates):
                kept = _filter(kept, predicate.strip(), namespaces, path)
            found += [one for one in kept if not any(one is known for known in found)]
    return found


def _fits(node: XmlNode, test: str, namespaces: dict[str, str]) -> bool:
    if test == "*":
        return not isinstance(node, XmlAttribute) or not node.name.startswith("xmlns")
    prefix, colon, local = test.partition(":")
    if not colon:
        return node.name == test and not node.namespace
    if prefix not in namespaces:
        raise NotSimulated(f"the XPath prefix '{prefix}' without a namespace")
    return node.namespace == namespaces[prefix] and local in ("*", node.local_name)


def _filter(nodes: list[XmlNode], predicate: str, namespaces: dict[str, str], path: str) -> list[XmlNode]:
    if predicate.isdigit():
        at = int(predicate)
        return nodes[at - 1 : at] if at else []
    if predicate == "last()":
        return nodes[-1:]
    for joiner, combine in ((" and ", all), (" or ", any)):
        if joiner in predicate:
            parts = [part.strip() for part in predicate.split(joiner)]
            kept = [_filter(nodes, part, namespaces, path) for part in parts]
            return [node for node in nodes if combine(any(node is one for one in group) for group in kept)]
    match = re.fullmatch(r"(@?[\w:.*-]+|text\(\)|\.)\s*(?:(=|!=)\s*(\"[^\"]*\"|'[^']*'))?", predicate)
    if match is None:
        raise NotSimulated(f"the XPath '{path}'")
    kept_nodes = []
    for node in nodes:
        values = [one.inner_text() for one in select(node, match[1], namespaces)]
        if match[2] is None:
            fits = bool(values)
        elif match[2] == "=":
            fits = match[3][1:-1] in values
        else:
            fits = any(value != match[3][1:-1] for value in values)
        if fits:
            kept_nodes.append(node)
    return kept_nodes


_ = XmlDocument
