"""Finds and renders the scripts. The only importer of jinja2.

A rendered text is constant: jinja2 composes shared parts and is given no variable at all, so no value of a host and no
secret can get into it. Look next at ``templates/powershell/`` and at ``requests.py`` for the values.
"""

from __future__ import annotations

import threading
from pathlib import Path

import jinja2

from fleetdeploy.errors import FleetdeployError

VERBS = (
    "observe",
    "files",
    "open",
    "turn",
    "stage",
    "receive",
    "activate",
    "probe",
    "beat",
    "close",
    "prune",
    "ready",
    "mark",
    "scene",
    "logs",
)
"""Every script there is; ``receive`` is the upload half of ``stage``."""


def shipped_folder() -> Path:
    """Where the shipped templates lie: inside the wheel, else in the repository."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_templates"
    return inside if inside.is_dir() else package.parent / "templates"


class ScriptLibrary:
    """Texts by verb. ``override`` is the project's ``templates`` folder; a file there replaces the shipped one."""

    def __init__(self, override: Path | None = None) -> None:
        folders = [folder / "powershell" for folder in (override, shipped_folder()) if folder is not None]
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([str(folder) for folder in folders]),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - PowerShell, and no value is ever filled in
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()

    def text(self, verb: str) -> str:
        """The whole script of a verb.

        Raises:
            FleetdeployError: there is no such template, or it does not compose.
        """
        with self._lock:
            if verb not in self._texts:
                try:
                    self._texts[verb] = self._environment.get_template(f"{verb}.ps1.j2").render()
                except jinja2.TemplateNotFound as error:
                    raise FleetdeployError(f"there is no template {error.name}") from error
                except jinja2.TemplateError as error:
                    raise FleetdeployError(f"the template of {verb} does not compose: {error}") from error
            return self._texts[verb]


_shared: ScriptLibrary | None = None
_shared_lock = threading.Lock()


def shared_library() -> ScriptLibrary:
    """The shipped scripts, rendered once per process."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = ScriptLibrary()
        return _shared
