"""Reads CREATE_PIPELINE messages (MS-PSRP 2.2.2.10) that differ only in script and arguments with little work.

A client sends the same dozen objects (host information, options of each command) with every pipeline. What stays
when scripts and plain arguments are taken out is read by psrpcore once; from then on only those are. A message that
is anything else than commands with plain arguments is left to psrpcore whole: ``read`` says None. Decides nothing
about what the message means.
"""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from typing import Any

from psrpcore import Command, CreatePipelineEvent, PowerShell

_COMMANDS = "./MS/Obj[@N='PowerShell']/MS/Obj[@N='Cmds']/LST/Obj"
_STATEMENTS = "./MS/Obj[@N='PowerShell']/MS/Obj[@N='ExtraCmds']"
_PLAIN = frozenset(
    {"S", "Nil", "B", "I32", "I64", "U32", "U64", "Db", "Sg", "D", "DT", "TS", "G", "URI", "Version", "BA"}
)
"""Elements without anything inside them, and without a secret (MS-PSRP 2.2.5.1)."""
_MOST = 256

_known: dict[tuple[Any, ...], PowerShell] = {}
_lock = threading.Lock()

Arguments = list[tuple[ET.Element, ET.Element]]


class ReadyPipelineEvent(CreatePipelineEvent):
    """The event of a message whose pipeline is read already."""

    def __init__(self, message: Any, pipeline: PowerShell) -> None:
        raw: Any = None  # nobody reads the message itself any more
        super().__init__(message.message_type, raw, message.runspace_pool_id, message.pipeline_id)
        self._ready = pipeline

    @property
    def pipeline(self) -> PowerShell:
        return self._ready


def read(root: ET.Element, whole: Callable[[], Any], plain: Callable[[ET.Element], Any], version: str) -> Any:
    """The pipeline of a message, or None where psrpcore has to read it.

    ``whole`` reads what ``root`` holds then (the message without arguments), ``plain`` one value; ``version`` is the
    client's protocol, by which psrpcore reads some members.
    """
    commands = root.findall(_COMMANDS)
    if not commands or root.find(_STATEMENTS) is not None or next(root.iter("SS"), None) is not None:
        return None
    taken: list[tuple[ET.Element, list[ET.Element], Arguments]] = []
    for command in commands:
        items = command.find("./MS/Obj[@N='Args']/LST")
        if items is None:
            return None
        arguments = _plain_arguments(items)
        if arguments is None:
            return None
        taken.append((items, list(items), arguments))
    for items, _, _ in taken:
        items[:] = []
    # Tag, number of children, text and attributes of every node in order: the whole tree, and cheaper than its text.
    key = (version, *[(node.tag, len(node), node.text, *node.attrib.items()) for node in root.iter()])
    try:
        with _lock:
            model = _known.get(key)
        if model is None:
            model = PowerShell.FromPSObjectForRemoting(whole())
            if len(model.commands) != len(taken):
                return None
            with _lock:
                if len(_known) >= _MOST:
                    _known.clear()
                _known[key] = model
    finally:
        for items, before, _ in taken:
            items[:] = before
    return _copy(model, [[(plain(name), plain(value)) for name, value in arguments] for _, _, arguments in taken])


def _plain_arguments(items: ET.Element) -> Arguments | None:
    """Names and values of a command's arguments, None where one is more than a plain value."""
    found: Arguments = []
    for item in items:
        if item.tag != "Obj" or len(item) != 1 or item[0].tag != "MS" or len(item[0]) != 2:
            return None
        members = {member.get("N"): member for member in item[0]}
        name, value = members.get("N"), members.get("V")
        if name is None or value is None or name.tag not in ("S", "Nil") or value.tag not in _PLAIN:
            return None
        found.append((name, value))
    return found


def _copy(model: PowerShell, arguments: Sequence[Sequence[tuple[Any, Any]]]) -> PowerShell:
    """A pipeline of its own, whose commands may be changed; host and options are only read and shared."""
    made = PowerShell(
        add_to_history=model.add_to_history,
        apartment_state=model.apartment_state,
        history=model.history,
        host=model.host,
        is_nested=model.is_nested,
        no_input=model.no_input,
        remote_stream_options=model.remote_stream_options,
        redirect_shell_error_to_out=model.redirect_shell_error_to_out,
    )
    for command, given in zip(model.commands, arguments, strict=True):
        own = Command(command.command_text, command.is_script, command.use_local_scope)
        own.parameters.extend(given)
        own.end_of_statement = command.end_of_statement
        own.merge_unclaimed = command.merge_unclaimed
        for name in ("my", "to", "error", "warning", "verbose", "debug", "information"):
            setattr(own, f"_merge_{name}", getattr(command, f"_merge_{name}"))
        made.commands.append(own)
    return made
