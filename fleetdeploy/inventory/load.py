"""An inventory file → ``Fleet``: hosts, nested groups, labels, zones, connections, vars; every error names its line.

The file (annotated: ``inventories/example.yml``)::

    fleet: prod                  # optional; the file's name otherwise
    defaults: {connection: …, labels: …, vars: …, zone: …}
    freeze: [{weekly: …, zone: …}]   # of this fleet alone (freeze_documents.py)
    groups:
      eu:  {groups: [web], hosts: [db01], connection: …}     # web lies inside eu
      web: {vars: …}
    hosts:
      web[01:12]: {groups: [web], zone: z1}                  # web01 … web12

A host is in the groups it names, in those that name it, and in all groups around them. Where two groups of the same
depth disagree, the later one in the file wins. ``layers.py`` has the precedence; ``patterns.py`` chooses hosts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fleetdeploy.documents import Section, Value, did_you_mean, parse
from fleetdeploy.errors import ConfigError
from fleetdeploy.freeze_documents import read_freeze
from fleetdeploy.inventory.layers import FILE_KEYS, NAME, Found, Layer, build_connection, merge, read_layer
from fleetdeploy.model.host import Fleet, Host
from fleetdeploy.model.secret import MASK, looks_secret

_RANGE = re.compile(r"^(?P<head>[^\[\]]*)\[(?P<first>\d+):(?P<last>\d+)\](?P<tail>[^\[\]]*)$")
MAX_HOSTS = 10_000


@dataclass(frozen=True, slots=True)
class HostValue:
    """One value in force for a host: dotted key, how it is shown, and where it comes from."""

    key: str
    shown: str
    source: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """A fleet and, for each host, where its values come from."""

    fleet: Fleet
    values: Mapping[str, tuple[HostValue, ...]]


@dataclass(slots=True)
class _Group:
    value: Value
    layer: Layer
    children: list[Value]
    hosts: list[Value]
    depth: int = 0


def load_inventory(path: Path | str) -> Fleet:
    """The fleet of a file.

    Raises:
        ConfigError: with file and line.
    """
    return read_inventory(path).fleet


def read_inventory(path: Path | str) -> Inventory:
    """The fleet of a file, with the origin of every value.

    Raises:
        ConfigError: with file and line.
    """
    path = Path(path)
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("the file is not UTF-8", file=file) from None
    except OSError as problem:
        raise ConfigError(f"cannot be read: {problem.strerror}", file=file) from None
    top = parse(text, file)
    fleet_name = top.get("fleet")
    name = fleet_name.name(NAME, "fleet name (letters, digits, _ . -)") if fleet_name else path.stem
    defaults_section = top.section("defaults")
    defaults = read_layer(defaults_section, "defaults")
    defaults_section.done()
    freeze = read_freeze(top.get("freeze"))
    groups = _read_groups(top.section("groups"))
    entries = _read_hosts(top)
    top.done()
    _set_depths(groups)
    found = _assemble(name, path, defaults, groups, entries)
    return replace(found, fleet=replace(found.fleet, freeze=freeze))


def _read_groups(section: Section) -> dict[str, _Group]:
    groups: dict[str, _Group] = {}
    for name, value in section.entries():
        if not NAME.fullmatch(name):
            raise value.error(f"{name!r} is no group name (letters, digits, _ . -)")
        body = value.section()
        children = body.get("groups")
        hosts = body.get("hosts")
        layer = read_layer(body, f"group {name}")
        body.done()
        groups[name] = _Group(value, layer, children.items() if children else [], hosts.items() if hosts else [])
    for group in groups.values():
        for child in group.children:
            _known_group(child, groups)
    return groups


def _known_group(value: Value, groups: Mapping[str, _Group]) -> str:
    name = value.text("a group name")
    if name not in groups:
        raise value.error(f"unknown group {name!r}", next_steps=did_you_mean(name, groups))
    return name


def _set_depths(groups: dict[str, _Group]) -> None:
    """Longest way from an outermost group, so that an outer group always comes before an inner one.

    Raises:
        ConfigError: a group contains itself, directly or through others.
    """
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str]:
        """Names in post-order; each group once."""
        if name in way:
            circle = " → ".join([*way[way.index(name) :], name])
            raise groups[name].value.error(f"group {name} contains itself: {circle}")
        if name in done:
            return []
        order = [found for child in groups[name].children for found in visit(child.text(), [*way, name])]
        done.add(name)
        return [*order, name]

    order = [found for name in groups for found in visit(name, [])]
    for name in reversed(order):  # outer groups first
        for child in groups[name].children:
            inner = groups[child.text()]
            inner.depth = max(inner.depth, groups[name].depth + 1)


def _read_hosts(top: Section) -> list[tuple[str, Value, Section]]:
    hosts = top.need("hosts", "write hosts: and under it one line per host, such as  web01: {}")
    found: list[tuple[str, Value, Section]] = []
    first: dict[str, int] = {}
    for key, value in hosts.section().entries():
        for name in _expand(key, value):
            if name.lower() in first:
                raise value.error(f"host {name} is there twice (first in line {first[name.lower()]})")
            first[name.lower()] = value.line
            found.append((name, value, value.section()))
            if len(found) > MAX_HOSTS:
                raise value.error(f"more than {MAX_HOSTS} hosts")
    if not found:
        raise hosts.error("no host in it")
    return found


def _expand(key: str, value: Value) -> list[str]:
    """``web[01:03]`` is web01, web02, web03; any other key is one host."""
    if "[" in key or "]" in key:
        parts = _RANGE.match(key)
        if not parts or int(parts["last"]) < int(parts["first"]):
            raise value.error(f"{key!r} is no range of hosts: write web[01:12]")
        if int(parts["last"]) - int(parts["first"]) >= MAX_HOSTS:
            raise value.error(f"{key!r} names more than {MAX_HOSTS} hosts")
        width = len(parts["first"])
        numbers = range(int(parts["first"]), int(parts["last"]) + 1)
        names = [f"{parts['head']}{number:0{width}}{parts['tail']}" for number in numbers]
    else:
        names = [key]
    for name in names:
        if not NAME.fullmatch(name):
            raise value.error(f"{name!r} is no host name (letters, digits, _ . -)")
    return names


def _assemble(
    fleet_name: str,
    path: Path,
    defaults: Layer,
    groups: dict[str, _Group],
    entries: list[tuple[str, Value, Section]],
) -> Inventory:
    named_by: dict[str, list[str]] = {name.lower(): [] for name, _, _ in entries}
    for group_name, group in groups.items():
        for member in group.hosts:
            for host_name in _expand(member.text("a host name"), member):
                if host_name.lower() not in named_by:
                    known = [name for name, _, _ in entries]
                    raise member.error(f"unknown host {host_name!r}", next_steps=did_you_mean(host_name, known))
                named_by[host_name.lower()].append(group_name)
    parents: dict[str, list[str]] = {name: [] for name in groups}
    for name, group in groups.items():
        for child in group.children:
            parents[child.text()].append(name)
    file_order = {name: index for index, name in enumerate(groups)}
    hosts: list[Host] = []
    values: dict[str, tuple[HostValue, ...]] = {}
    by_endpoint: dict[tuple[str, int], str] = {}
    for name, value, section in entries:
        own = section.get("groups")
        direct = [_known_group(item, groups) for item in own.items(or_one=True)] if own else []
        host_layer = read_layer(section, f"host {name}")
        section.done()
        member_of: set[str] = set()
        todo = [*direct, *named_by[name.lower()]]
        while todo:
            group_name = todo.pop()
            if group_name not in member_of:
                member_of.add(group_name)
                todo.extend(parents[group_name])
        ordered = sorted(member_of, key=lambda each: (groups[each].depth, file_order[each]))
        host, shown = _build_host(
            name, value, [defaults, *(groups[each].layer for each in ordered), host_layer], ordered, path
        )
        endpoint = (host.connection.address.lower(), host.connection.port)
        if endpoint in by_endpoint:
            raise value.error(
                f"host {name} has the same address and port as {by_endpoint[endpoint]} ({endpoint[0]}:{endpoint[1]})",
                why=("one machine under two names would be changed twice",),
            )
        by_endpoint[endpoint] = name
        hosts.append(host)
        values[name] = shown
    return Inventory(Fleet(fleet_name, tuple(hosts), str(path)), values)


def _build_host(
    name: str, place: Value, layers: list[Layer], groups: list[str], path: Path
) -> tuple[Host, tuple[HostValue, ...]]:
    connection, labels, variables, zone = merge(layers)
    base = path.resolve().parent
    files = {
        key: str(base / Path(connection[key].value.text()).expanduser()) if key in connection else None
        for key in FILE_KEYS
    }
    built = build_connection(name, connection, place, files)
    host = Host(
        name=name,
        connection=built,
        groups=tuple(groups),
        labels={key: found.value.text() for key, found in labels.items()},
        zone=zone.value.text() if zone else "",
        vars={key: found.value.plain() for key, found in variables.items()},
    )

    def where(found: Found | None) -> str:
        return f"{found.value.source} ({found.layer})" if found else "default"

    rows = [HostValue("groups", ", ".join(groups) or "-", "")]
    rows.append(HostValue("zone", host.zone or "-", where(zone)))
    for key, shown in (
        ("address", built.address),
        ("port", str(built.port)),
        ("transport", built.transport),
        ("auth", built.auth),
        ("user", built.user or "-"),
        ("secret", str(built.secret) if built.secret else "-"),
        ("ca_file", built.ca_file or "-"),
        ("fingerprint", built.fingerprint or "-"),
        ("certificate", built.certificate or "-"),
        ("certificate_key", built.certificate_key or "-"),
        ("connect_timeout", f"{built.connect_timeout_s:g}s"),
    ):
        rows.append(HostValue(f"connection.{key}", shown, where(connection.get(key))))
    rows += [HostValue(f"labels.{key}", host.labels[key], where(labels[key])) for key in labels]
    rows += [
        HostValue(f"vars.{key}", MASK if looks_secret(key) else str(host.vars[key]), where(variables[key]))
        for key in variables
    ]
    return host, tuple(rows)
