"""``fleetdeploy.yml`` → ``Project``: defaults < file < environment < options, and what is wrong with the result.

``load.py`` reads the file (``service.py``, ``checks.py`` and ``strategy.py`` its sections), ``overrides.py`` lays the
environment and the options over it, ``rules.py`` holds what must fit together, ``explain.py`` says which value is in
force and why, ``example.py`` writes a first file. Nothing here resolves a secret or touches a host.
"""

from __future__ import annotations

from fleetdeploy.settings.example import render_example
from fleetdeploy.settings.explain import Setting, explain
from fleetdeploy.settings.load import PROJECT_FILE, load_project
from fleetdeploy.settings.overrides import OVERRIDES, Override, apply_overrides

__all__ = [
    "OVERRIDES",
    "PROJECT_FILE",
    "Override",
    "Setting",
    "apply_overrides",
    "explain",
    "load_project",
    "render_example",
]
