"""The door: a text in, findings out. Decides nothing but the order."""

from __future__ import annotations

from fleetdeploy.powershell_rules.findings import VERSIONS, Finding, Kind
from fleetdeploy.powershell_rules.script import Script
from fleetdeploy.powershell_rules.table import RULES


def check(
    text: str, *, path: str, versions: tuple[str, ...] = VERSIONS, kind: Kind = "template"
) -> tuple[Finding, ...]:
    """What the versions of Windows PowerShell would refuse or understand differently, in the order of the text.

    Args:
        text: a whole script, as it would be sent.
        path: how to name it.
        versions: some of ``VERSIONS``.
        kind: a project's own check is not held to what only concerns scripts that answer in JSON, nor to taste.

    Raises:
        ValueError: another version.
    """
    if not set(versions) <= set(VERSIONS) or not versions:
        raise ValueError(f"versions are some of {', '.join(VERSIONS)}, not {', '.join(versions)}")
    script = Script(text, versions)
    found = {
        Finding(rule.name, note.message, note.extent.line, note.extent.column, note.next, path, level)
        for rule in RULES.values()
        if (script.tree is not None or not rule.needs_tree) and (kind == "template" or rule.in_checks is not None)
        for note in rule.find(script)
        if (level := rule.level(note, kind)) is not None
    }
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.column, finding.rule, finding.message)))
