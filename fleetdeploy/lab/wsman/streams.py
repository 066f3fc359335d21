"""What a running pipeline is given and what it writes: input as it arrives, output as PSRP messages.

``Sink`` is called from the pipeline's thread; ``Input.put`` and ``Input.end`` from the loop's. Knows no shells.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from psrpcore.types import DebugRecord, HostMethodIdentifier, PSRPMessageType, VerboseRecord, WarningRecord

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.pool import LabPipeline
    from fleetdeploy.lab.wsman.prompts import PipelineHost


class Input(Iterator[Any]):
    """Pipeline input as it arrives: the script waits for the next item, the client may send it any time."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        self._condition = threading.Condition()
        self._ended = False
        self.held = 0
        """Bytes that the script has not read yet, as far as they are bytes or text."""

    def put(self, value: Any) -> None:
        with self._condition:
            self._items.append(value)
            self.held += _size(value)
            self._condition.notify()

    def end(self) -> None:
        with self._condition:
            self._ended = True
            self._condition.notify()

    def __next__(self) -> Any:
        with self._condition:
            while not self._items and not self._ended:
                self._condition.wait()
            if self._items:
                value = self._items.popleft()
                self.held -= _size(value)
                return value
            raise StopIteration


def _size(value: Any) -> int:
    data = getattr(value, "data", value)
    return len(data) if isinstance(data, bytes | bytearray | str) else 0


class Sink:
    """Writes what the script writes, as PSRP messages, from the pipeline's thread."""

    def __init__(
        self,
        wire: LabPipeline,
        to_wire: Callable[[Any], Any],
        *,
        computer: str,
        user: str,
        screen: PipelineHost | None,
    ) -> None:
        self._wire = wire
        self._to_wire = to_wire
        self._computer = computer
        self._user = f"{computer.upper()}\\{user}"
        self._screen = screen

    def output(self, value: Any) -> None:
        self._wire.write(self._to_wire(value), PSRPMessageType.PipelineOutput)

    def error(self, record: Any) -> None:
        self._wire.write(self._to_wire(record), PSRPMessageType.ErrorRecord)

    def warning(self, message: str) -> None:
        self._text(WarningRecord, message, PSRPMessageType.WarningRecord)

    def verbose(self, message: str) -> None:
        self._text(VerboseRecord, message, PSRPMessageType.VerboseRecord)

    def debug(self, message: str) -> None:
        self._text(DebugRecord, message, PSRPMessageType.DebugRecord)

    def _text(self, kind: Any, message: str, message_type: PSRPMessageType) -> None:
        record = kind(Message=message)
        record.PSObject.to_string = message
        self._wire.write(record, message_type)

    def information(self, value: Any, tags: Sequence[str] = ()) -> None:
        data = self._to_wire(value)
        if hasattr(data, "element"):
            self._wire.inform(data, tags, user=self._user, computer=self._computer)
            if "PSHOST" in tags and self._screen is not None and self._screen.has_ui:
                # Write-Host: the client's screen shows it, too
                method = "Write1" if getattr(value, "no_newline", False) else "WriteLine2"
                self._screen.tell(method, [str(value.message)])
            return
        self._wire.write_information(
            data,
            source="",
            tags=list(tags),
            user=self._user,
            computer=self._computer,
            process_id=4242,
            native_thread_id=1,
            managed_thread_id=1,
        )

    def progress(
        self,
        activity: str,
        activity_id: int = 0,
        status: str = "Processing",
        percent_complete: int = -1,
        current_operation: str | None = None,
        parent_activity_id: int = -1,
        seconds_remaining: int = -1,
        completed: bool = False,
        **_: Any,
    ) -> None:
        from psrpcore.types import ProgressRecordType

        self._wire.write_progress(
            activity,
            activity_id,
            status or " ",
            current_operation=current_operation,
            parent_activity_id=parent_activity_id,
            percent_complete=percent_complete,
            seconds_remaining=seconds_remaining,
            record_type=ProgressRecordType.Completed if completed else ProgressRecordType.Processing,
        )

    def set_should_exit(self, code: int) -> None:
        self._wire.host_call(HostMethodIdentifier.SetShouldExit, [code])
