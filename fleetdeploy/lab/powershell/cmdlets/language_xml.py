"""Select-Xml over documents and texts (not files). XPath and nodes: ``dotnet/xml_path`` and ``dotnet/xml_nodes``."""

from __future__ import annotations

from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.convert import to_string
from fleetdeploy.lab.powershell.dotnet.xml import cast
from fleetdeploy.lab.powershell.dotnet.xml_nodes import XmlNode
from fleetdeploy.lab.powershell.dotnet.xml_path import select
from fleetdeploy.lab.powershell.values import NetObject, define


class SelectXmlInfo(NetObject):
    """What Select-Xml writes: a node and where it came from."""

    def __init__(self, node: XmlNode, pattern: str) -> None:
        self.node = node
        self.pattern = pattern

    def to_net_string(self) -> str:
        return self.node.inner_text()


INFO = define("Microsoft.PowerShell.Commands.SelectXmlInfo", py=SelectXmlInfo, closed=True)
INFO.prop("Node", "object", lambda found: found.node)
INFO.prop("Path", "string", lambda found: "InputStream")
INFO.prop("Pattern", "string", lambda found: found.pattern)


@cmdlet("Select-Xml")
class SelectXml(Cmdlet):
    """Nodes by XPath."""

    parameters = (
        Param("XPath", "string", position=0, mandatory=True),
        Param("Xml", "System.Xml.XmlNode[]", position=1, pipeline=True, sets=("Xml",), mandatory_in=("Xml",)),
        Param("Content", "string[]", pipeline=True, sets=("Content",), mandatory_in=("Content",)),
        Param("Namespace", "hashtable"),
        Param("Path", unsupported=True),
        Param("LiteralPath", unsupported=True),
    )
    default_set = "Xml"

    def process(self, ctx: CmdletContext) -> None:
        path = self.get("XPath")
        table = self.get("Namespace")
        namespaces = {} if table is None else {to_string(key): to_string(value) for key, value in table.items()}
        starts = list(self.get("Xml") or ()) or [cast(text) for text in self.get("Content") or ()]
        for start in starts:
            for node in select(start, path, namespaces):
                ctx.write(SelectXmlInfo(node, path))
