"""Says what in a script Windows PowerShell 5.1 or 4.0 cannot parse, lacks, or understands differently than it reads.

A leaf beside the floors: it parses with the lab's parser, walks the tree, and knows nothing of verbs, templates,
projects or hosts. It never runs anything. Start in ``table.py`` (the rules); ``check.py`` is the door.
"""

from __future__ import annotations

from fleetdeploy.powershell_rules.check import check as check
from fleetdeploy.powershell_rules.findings import Finding as Finding
from fleetdeploy.powershell_rules.findings import Level as Level
from fleetdeploy.powershell_rules.parameters import check_parameters as check_parameters
from fleetdeploy.powershell_rules.requires import versions_for as versions_for
from fleetdeploy.powershell_rules.table import RULES as RULES
