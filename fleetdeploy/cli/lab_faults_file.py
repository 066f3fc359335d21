"""``faults.yml``: which faults a lab shall have, who gets them, when and how often.

    faults:
      - hosts: [web*, db1]        # names or patterns; left out: every host
        fault: lose-answer        # fleetdeploy lab break --list
        when: {verb: activate, nth: 2}
        times: 3                  # or forever; left out: once
      - fault: reboot
        when: {offset: 300k}      # in the middle of an upload
      - fault: slow-shell
        seconds: 25s
        when: {probability: 0.3, seed: 7}
        times: forever

Reads the file and says what is wrong with it, with file and line; what a fault is the lab knows
(``lab/windows/fault_kinds.py``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fleetdeploy.documents import Section, Value, did_you_mean, parse
from fleetdeploy.errors import ConfigError
from fleetdeploy.lab.fault_orders import KINDS, FaultError, FaultKind, FaultOrder, conditions

_WHEN = ("verb", "step", "script", "match", "after")
_SIZE = re.compile(r"(\d{1,9})\s*(|k|kb|m|mb)", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2}
_TEXTS = ("path", "code", "form", "do", "service")


def read_faults(file: Path) -> list[FaultOrder]:
    """The faults of a file, in its order.

    Raises:
        ConfigError: it cannot be read, or something in it is not understood; names file and line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no UTF-8 text"
        raise ConfigError(f"cannot be read: {reason}", file=str(file)) from None
    top = parse(text, str(file))
    listed = top.need("faults", "faults: [{fault: reset-before, hosts: web1}]").items()
    top.done()
    return [_order(value) for value in listed]


def _order(value: Value) -> FaultOrder:
    entry = value.section()
    named = entry.need("fault", "fault: lose-answer   (fleetdeploy lab break --list)")
    kind = FaultKind(named.choice([kind.value for kind in KINDS]))
    hosts = entry.get("hosts")
    patterns = tuple(one.text("a host") for one in hosts.items(or_one=True)) if hosts is not None else ("*",)
    options = _when(kind, entry) | _own(kind, entry)
    options["count"] = _times(entry)
    entry.done()
    order = FaultOrder(patterns, kind.value, options)
    try:
        order.check()
    except FaultError as problem:
        raise _at(entry, problem) from None
    return order


def _when(kind: FaultKind, entry: Section) -> dict[str, Any]:
    when = entry.section("when")
    words = {name: given.text() for name in _WHEN if (given := when.get(name)) is not None}
    out: dict[str, Any] = {}
    nth, offset = when.get("nth"), when.get("offset")
    probability, seed = when.get("probability"), when.get("seed")
    when.done()
    if "verb" in words:
        _known_verb(words["verb"], when)
    try:
        out |= conditions(kind.value, **words)
    except FaultError as problem:
        raise _at(when, problem) from None
    if nth is not None:
        out["skip"] = nth.integer(1, 1_000_000) - 1
    if offset is not None:
        out["offset"] = _bytes(offset)
    if probability is not None:
        out["probability"] = _number(probability)
    if seed is not None:
        out["seed"] = seed.integer(0, 10**9)
    return out


def _known_verb(verb: str, when: Section) -> None:
    from fleetdeploy.hosts.scripts import shipped_folder

    verbs = [file.name.partition(".")[0] for file in (shipped_folder() / "powershell").glob("*.ps1.j2")]
    if verb not in verbs:
        given = when.get("verb")
        assert given is not None  # noqa: S101 - it was read from there
        raise given.error(f"{verb!r} is no verb", next_steps=did_you_mean(verb, verbs))


def _own(kind: FaultKind, entry: Section) -> dict[str, Any]:
    """The kind's own options; those of other kinds are no keys here."""
    out: dict[str, Any] = {}
    allowed = KINDS[kind].options
    for name in ("seconds", "jitter"):
        given = entry.get(name) if name in allowed else None
        if given is not None:
            out[name] = _number(given) if given.text().lstrip().startswith("-") else given.duration()
    for name in _TEXTS:
        given = entry.get(name) if name in allowed else None
        if given is not None:
            out[name] = given.text()
    given = entry.get("bandwidth") if "bandwidth" in allowed else None
    if given is not None:
        out["bandwidth"] = _bytes(given)
    return out


def _times(entry: Section) -> int | None:
    given = entry.get("times")
    if given is None:
        return 1
    return None if given.text() == "forever" else given.integer(1, 1_000_000)


def _bytes(value: Value) -> int:
    found = _SIZE.fullmatch(value.text("bytes (300k, 2m)").strip())
    if not found:
        raise value.error(f"{value.text()!r} is no number of bytes: write 300000, 300k or 2m")
    return int(found[1]) * _UNITS[found[2].lower()]


def _number(value: Value) -> float:
    try:
        return float(value.text("a number"))
    except ValueError:
        raise value.error(f"{value.text()!r} is no number") from None


def _at(section: Section, problem: FaultError) -> ConfigError:
    """The error at the key that is to blame, else at the entry."""
    key = {"skip": "nth", "count": "times"}.get(problem.option, problem.option)
    for place in (section, section.section("when")):
        value = dict(place.entries()).get(key)
        if value is not None:
            return value.error(problem.what, next_steps=(problem.hint,) if problem.hint else ())
    return section.value.error(problem.what, next_steps=(problem.hint,) if problem.hint else ())
