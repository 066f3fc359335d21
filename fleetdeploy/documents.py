"""YAML text as values that know their file and line, so that every error can name both.

Decides how one value is read: as written, as a number, as a duration, as a list; and that an unknown key is an error
with a "did you mean". Knows nothing of inventories or projects (``inventory/`` and ``settings/`` do), opens no file.
A ``Value`` is one node; a ``Section`` is a mapping that remembers which keys were asked for and refuses the others.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar, final

import yaml

from fleetdeploy.errors import ConfigError

MAX_DEPTH = 40
T = TypeVar("T", bound=str)

_DURATION = re.compile(r"^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$", re.ASCII)
_SECONDS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_TAG = "tag:yaml.org,2002:"


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Next steps for a word that is not one of ``known``: the nearest ones, else the list itself."""
    names = sorted(set(known))
    by_case = {name.lower(): name for name in names}
    near = [by_case[n] for n in difflib.get_close_matches(word.lower(), by_case, n=2, cutoff=0.6)]
    if near:
        return (f"did you mean {' or '.join(near)}?",)
    if not names:
        return ()
    shown = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    return (f"known are: {shown}",)


def parse_duration(text: str) -> float:
    """Seconds of ``30s``, ``5m``, ``1h``, ``500ms``, ``1m30s``; a bare number is seconds.

    Raises:
        ValueError: not a duration.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    found = _DURATION.match(text) if text else None
    if not found:
        raise ValueError(f"{text!r} is no duration: write 30s, 5m, 1h or 1m30s")
    seconds = sum(float(part) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True) if part)
    return round(seconds, 6)  # 700ms is 0.7, also in JSON


def format_duration(seconds: float) -> str:
    """The shortest way to write a duration: ``90`` is ``1m30s``."""
    if seconds <= 0:
        return "0s"
    whole, text = int(seconds), ""
    for name, size in (("d", 86400), ("h", 3600), ("m", 60)):
        count, whole = divmod(whole, size)
        text += f"{count}{name}" if count else ""
    rest = whole + (seconds - int(seconds))
    return text + (f"{rest:g}s" if rest else "")


@final
class Value:
    """One node of a YAML file. ``path`` is its dotted key, for messages and for telling where a value came from."""

    __slots__ = ("file", "line", "node", "path")

    def __init__(self, node: yaml.Node, file: str, path: str, line: int | None = None) -> None:
        self.node = node
        self.file = file
        self.path = path
        self.line = line if line is not None else node.start_mark.line + 1

    @property
    def source(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"

    def error(self, what: str, *, why: tuple[str, ...] = (), next_steps: tuple[str, ...] = ()) -> ConfigError:
        """A ConfigError at this place; the caller raises it."""
        text = f"{self.path}: {what}" if self.path else what
        return ConfigError(text, file=self.file, line=self.line, why=why, next_steps=next_steps)

    @property
    def is_null(self) -> bool:
        """True for an empty value, ``~`` and ``null``."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == _TAG + "null"

    @property
    def is_list(self) -> bool:
        """True for a sequence."""
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        """True for a mapping."""
        return isinstance(self.node, yaml.MappingNode)

    def _scalar(self, wanted: str) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            kind = "a list" if self.is_list else "a mapping"
            raise self.error(f"expected {wanted}, found {kind}")
        if self.is_null:
            raise self.error(f"expected {wanted}, found nothing")
        return str(self.node.value)

    def text(self, wanted: str = "a text") -> str:
        """The scalar exactly as written: ``1.10`` stays ``1.10`` and ``no`` stays ``no``."""
        return self._scalar(wanted)

    def name(self, pattern: re.Pattern[str], wanted: str) -> str:
        """A text that matches ``pattern`` as a whole."""
        text = self._scalar(wanted)
        if not pattern.fullmatch(text):
            raise self.error(f"{text!r} is no {wanted}")
        return text

    def choice(self, known: Sequence[T]) -> T:
        """One of the given words."""
        text = self._scalar(f"one of {', '.join(known)}")
        for word in known:
            if word == text:
                return word
        raise self.error(f"{text!r} is not one of {', '.join(known)}", next_steps=did_you_mean(text, known))

    def integer(self, low: int, high: int) -> int:
        """A whole number within the bounds (inclusive)."""
        text = self._scalar("a whole number")
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise self.error(f"{text!r} is no whole number")
        number = int(text)
        if not low <= number <= high:
            raise self.error(f"{number} is not within {low} to {high}")
        return number

    def boolean(self) -> bool:
        """``true`` or ``false`` (and YAML's other spellings)."""
        text = self._scalar("true or false")
        if text.lower() in ("true", "yes", "on"):
            return True
        if text.lower() in ("false", "no", "off"):
            return False
        raise self.error(f"{text!r} is neither true nor false")

    def duration(self, low: float = 0.0, high: float = 7 * 86400.0) -> float:
        """Seconds, within the bounds (inclusive)."""
        text = self._scalar("a duration (30s, 5m, 1h)")
        try:
            seconds = parse_duration(text)
        except ValueError as problem:
            raise self.error(str(problem)) from None
        if not low <= seconds <= high:
            raise self.error(f"{text} is not within {format_duration(low)} to {format_duration(high)}")
        return seconds

    def plain(self) -> str | int | float | bool:
        """A scalar with the type that YAML gives it; dates and the like stay text."""
        text = self._scalar("a text, a number, true or false")
        tag = self.node.tag.removeprefix(_TAG)
        if tag == "bool":
            return self.boolean()
        if tag == "int" and re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", text):
            return int(text)
        if tag == "float" and re.fullmatch(r"[-+]?[0-9]*\.[0-9]+|[-+]?[0-9]+\.", text):
            return float(text)
        return text

    def items(self, *, or_one: bool = False) -> list[Value]:
        """Elements of a list; with ``or_one`` a scalar counts as a list of one; nothing is an empty list."""
        if isinstance(self.node, yaml.SequenceNode):
            return [Value(node, self.file, f"{self.path}[{i}]") for i, node in enumerate(self.node.value)]
        if self.is_null:
            return []
        if or_one and isinstance(self.node, yaml.ScalarNode):
            return [self]
        raise self.error("expected a list")

    def section(self) -> Section:
        """This mapping; nothing is an empty one."""
        return Section(self)


@final
class Section:
    """A mapping. ``get`` marks a key as known; ``done`` refuses the keys that nobody asked for."""

    __slots__ = ("_asked", "_entries", "value")

    def __init__(self, value: Value) -> None:
        self.value = value
        self._asked: list[str] = []
        self._entries: dict[str, Value] = {}
        if value.is_null:
            return
        if not isinstance(value.node, yaml.MappingNode):
            raise value.error("expected a mapping (key: value lines)")
        first: dict[str, int] = {}
        for key_node, node in value.node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise Value(key_node, value.file, value.path).error("a key must be a plain text")
            key = str(key_node.value)
            entry = Value(node, value.file, f"{value.path}.{key}" if value.path else key, line)
            if key.lower() in first:
                raise entry.error(f"{key} is there twice (first in line {first[key.lower()]})")
            first[key.lower()] = line
            self._entries[key] = entry

    def get(self, key: str) -> Value | None:
        """The value of a key, None if it is missing or empty."""
        self._asked.append(key)
        entry = self._entries.get(key)
        return None if entry is None or entry.is_null else entry

    def need(self, key: str, hint: str) -> Value:
        """The value of a key that must be there; ``hint`` says what to write."""
        entry = self.get(key)
        if entry is None:
            missing = f"{self.value.path}.{key}" if self.value.path else key
            raise ConfigError(f"{missing} is missing", file=self.value.file, line=self.value.line, next_steps=(hint,))
        return entry

    def section(self, key: str) -> Section:
        """A sub-mapping; an empty one if the key is missing."""
        entry = self.get(key)
        if entry is not None:
            return entry.section()
        node = yaml.ScalarNode(_TAG + "null", "", self.value.node.start_mark, self.value.node.end_mark)
        return Section(Value(node, self.value.file, f"{self.value.path}.{key}" if self.value.path else key))

    def entries(self) -> list[tuple[str, Value]]:
        """All keys with their values, in file order: for mappings whose keys are names. Empty values included."""
        self._asked.extend(self._entries)
        return list(self._entries.items())

    def places(self) -> dict[str, str]:
        """Dotted key → ``file:line`` for everything below this mapping."""
        found: dict[str, str] = {}
        for value in self._entries.values():
            found[value.path] = value.source
            if value.is_mapping:
                found.update(Section(value).places())
        return found

    def done(self) -> None:
        """Refuse keys that were never asked for."""
        for key, entry in self._entries.items():
            if key not in self._asked:
                where = self.value.path or "the file"
                raise ConfigError(
                    f"unknown key {key!r} in {where}",
                    file=entry.file,
                    line=entry.line,
                    next_steps=did_you_mean(key, self._asked),
                )


def parse(text: str, file: str) -> Section:
    """The top-level mapping of a YAML text.

    Args:
        text: the whole file.
        file: its name, for messages.

    Raises:
        ConfigError: not YAML, more than one document, or no mapping.
    """
    try:
        _refuse_depth(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        what = f"not valid YAML: {problem.problem or problem.context}"
        raise ConfigError(what, file=file, line=mark.line + 1 if mark else 0) from None
    except yaml.YAMLError:
        raise ConfigError("not valid YAML: it holds characters that are not allowed", file=file) from None
    if node is None:
        raise ConfigError("the file is empty", file=file)
    _refuse_recursion(node, file, [], set())
    return Section(Value(node, file, ""))


def _refuse_depth(text: str, file: str) -> None:
    """Before anything recursive looks at the text: the stack of the process is not ours to measure with."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise ConfigError("nested too deeply", file=file, line=line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refuse_recursion(node: yaml.Node, file: str, above: list[int], seen: set[int]) -> None:
    """An alias that contains itself, or nesting so deep that nobody wrote it by hand."""
    if id(node) in above or len(above) > MAX_DEPTH:
        line = node.start_mark.line + 1
        raise ConfigError("nested too deeply, or an alias that contains itself", file=file, line=line)
    if id(node) in seen:
        return
    children: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        children = list(node.value)
    elif isinstance(node, yaml.MappingNode):
        children = [child for pair in node.value for child in pair]
    for child in children:
        if not isinstance(child, yaml.ScalarNode):
            _refuse_recursion(child, file, [*above, id(node)], seen)
    seen.add(id(node))
