"""Finds and renders the scripts. The only importer of jinja2.

A rendered text is constant: jinja2 composes shared parts and is given no variable at all, so no value of a host and no
secret can get into it. Look next at ``templates/powershell/`` and at ``requests.py`` for the values.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from fleetdeploy.errors import ConfigError, FleetdeployError

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


@dataclass(frozen=True, slots=True)
class TracedText:
    """A script's text that knows where it comes from.

    Attributes:
        text: as ``ScriptLibrary.text`` gives it.
        marks: (offset, template, 1-based line of it), by offset: from there on the text is that template's line.
    """

    text: str
    marks: tuple[tuple[int, str, int], ...]

    @property
    def templates(self) -> frozenset[str]:
        """Names of all templates that the text is made of."""
        return frozenset(name for _, name, _ in self.marks)

    def place(self, line: int, column: int) -> tuple[str, int]:
        """Template and line of a place in the text (1-based); the last one if there is none."""
        lines = self.text.splitlines(keepends=True)
        offset = sum(len(text) for text in lines[: line - 1]) + column - 1
        at = bisect_right(self.marks, offset, key=lambda mark: mark[0]) - 1
        _, name, number = self.marks[max(at, 0)]
        return name, number


_BEGIN, _MIDDLE, _END = "\ue000", "\ue001", "\ue002"


class _Marking(Extension):
    """Puts its place before each line of a template's text; jinja2 has trimmed it by then."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type != "data":
                yield token
                continue
            lines = token.value.splitlines(keepends=True)
            marked = (f"{_BEGIN}{stream.name}{_MIDDLE}{token.lineno + i}{_END}{line}" for i, line in enumerate(lines))
            yield Token(token.lineno, "data", "".join(marked))


class ScriptLibrary:
    """Texts by verb. ``override`` is the project's ``templates`` folder; a file there replaces the shipped one."""

    def __init__(self, override: Path | None = None) -> None:
        self._folders = [folder / "powershell" for folder in (override, shipped_folder()) if folder is not None]
        self._environment = self._new_environment()
        self._marking: jinja2.Environment | None = None
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()

    def _new_environment(self, *extensions: type[Extension]) -> jinja2.Environment:
        return jinja2.Environment(
            loader=jinja2.FileSystemLoader([str(folder) for folder in self._folders]),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - PowerShell, and no value is ever filled in
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            extensions=extensions,
        )

    def file_of(self, template: str) -> Path | None:
        """The file that a template's name stands for: the project's before the shipped one, None if there is none."""
        return next((file for folder in self._folders if (file := folder / template).is_file()), None)

    def traced(self, verb: str) -> TracedText:
        """The script of a verb with the places that it comes from: for one thread that looks for mistakes.

        Raises:
            ConfigError: it does not compose; says file and line, if jinja2 does.
        """
        name = f"{verb}.ps1.j2"
        if self._marking is None:
            self._marking = self._new_environment(_Marking)
        try:
            marked = self._marking.get_template(name).render()
        except jinja2.TemplateSyntaxError as error:
            file = str(self.file_of(error.name or name) or error.name)
            raise ConfigError(f"it does not compose: {error.message}", file=file, line=error.lineno) from error
        except jinja2.TemplateNotFound as error:
            file = str(self.file_of(name) or name)
            raise ConfigError(f"it does not compose: there is no template {error.name}", file=file) from error
        except jinja2.TemplateError as error:
            file = str(self.file_of(name) or name)
            raise ConfigError(f"it does not compose: {error}", file=file) from error
        first, *pieces = marked.split(_BEGIN)
        text, marks = first, []
        for piece in pieces:
            place, _, rest = piece.partition(_END)
            template, _, line = place.partition(_MIDDLE)
            marks.append((len(text), template, int(line)))
            text += rest
        return TracedText(text, tuple(marks) or ((0, name, 1),))

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
