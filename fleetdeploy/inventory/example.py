"""The annotated example inventory, for ``fleetdeploy init``: ``inventories/example.yml`` of the repository.

In the wheel it lies in ``fleetdeploy/_inventories``; a checkout has it beside the package.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def example_text() -> str:
    """The text of the annotated example."""
    shipped = _PACKAGE / "_inventories" / "example.yml"
    path = shipped if shipped.is_file() else _PACKAGE.parent / "inventories" / "example.yml"
    return path.read_text(encoding="utf-8")
