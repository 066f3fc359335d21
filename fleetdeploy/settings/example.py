"""A first ``fleetdeploy.yml``: the annotated file that ``fleetdeploy init`` writes, and the documentation of all keys.

The text lies in ``example.yml`` beside this module; a test loads what comes out of it.
"""

from __future__ import annotations

from importlib import resources

from fleetdeploy.errors import UsageError
from fleetdeploy.model.version import is_safe_component

_PLACEHOLDER = "__APP__"


def render_example(app_name: str) -> str:
    """The annotated project file for an app of that name.

    Raises:
        UsageError: the name cannot be a folder on a host.
    """
    if not is_safe_component(app_name):
        raise UsageError(f"{app_name!r} cannot be the name of an app (letters, digits, . _ + -; at most 63)")
    text = resources.files("fleetdeploy.settings").joinpath("example.yml").read_text(encoding="utf-8")
    return text.replace(_PLACEHOLDER, app_name)
