"""Redirections of one command: into nothing, into the output, into a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.cmdlets import registry
from fleetdeploy.lab.powershell.runtime.call_arguments import Arg
from fleetdeploy.lab.powershell.runtime.cmdlet_processor import CmdletProcessor
from fleetdeploy.lab.powershell.runtime.errors import (
    position,
)
from fleetdeploy.lab.powershell.runtime.processors import Processor
from fleetdeploy.lab.powershell.runtime.streams import NAMES

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


def redirect(rt: Interp, processor: Processor, redirections: Sequence[ast.Redirection]) -> None:
    streams = processor.streams

    def to_output(record: Any) -> None:
        processor.out(record)

    for redirection in redirections:
        names = _stream_names(redirection.from_stream)
        put: Callable[[Any], None]
        if isinstance(redirection, ast.MergingRedirection):
            if redirection.to_stream != "Output":
                raise NotSimulated("merging into another stream than output", redirection.extent.line)
            streams = streams.with_(**dict.fromkeys(names, to_output))
            continue
        if not isinstance(redirection, ast.FileRedirection):
            raise NotSimulated("this redirection", redirection.extent.line)
        target = rt.eval(redirection.location)
        if target is None:
            if redirection.from_stream in ("Output", "All"):
                processor.out = lambda _value: None
            if "error" in names:
                streams = streams.with_(error=lambda _value: None)
            # Warnings and the streams after it still reach the caller's buffers: only the pipeline loses them.
            base = rt.base_streams
            streams = streams.with_(**{name: getattr(base, name) for name in names if name != "error"})
            continue
        put = file_writer(rt, processor, redirection, rt.to_string(target))
        if redirection.from_stream in ("Output", "All"):
            processor.out = put
        if names:
            streams = streams.with_(**dict.fromkeys(names, put))
    processor.streams = streams


def _stream_names(stream: str) -> tuple[str, ...]:
    if stream == "Output":
        return ()
    if stream == "All":
        return NAMES
    return (stream.lower(),)


def file_writer(rt: Interp, processor: Processor, node: ast.FileRedirection, path: str) -> Callable[[Any], None]:
    """Output to a file goes through Out-File, as in PowerShell."""
    cls = registry.find_cmdlet("out-file")
    if cls is None:
        raise NotSimulated("redirection to a file", node.extent.line)
    args = [Arg(path, "FilePath")]
    if node.append:
        args.append(Arg(True, "Append"))
    writer = CmdletProcessor(rt, position(node), cls, args, has_input=True)
    writer.begin()
    processor.on_close.append(writer.end)
    return writer.accept
