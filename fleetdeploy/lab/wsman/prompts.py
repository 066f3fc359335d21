"""Host calls of a pipeline: what a script asks of the person at the client, and the answer.

A call goes out as a PipelineHostCall; the pipeline's thread then waits until the client sends the response of the same
call id, or the pipeline is stopped. Nobody answers: it waits for ever, as on Windows (MS-PSRP 2.2.2.27, 2.2.2.28).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from psrpcore.types import ChoiceDescription, FieldDescription, HostMethodIdentifier, PSString

from fleetdeploy.lab.errors import NotSimulated

WAIT_S = 0.5
"""How often a waiting call looks whether its pipeline was stopped, should the wake-up be missed."""


class PipelineHost:
    """``ClientHost`` (powershell/dotnet/host_ui.py) of one pipeline. ``answered`` is called on the loop's thread."""

    def __init__(
        self,
        info: Any,
        call: Callable[[HostMethodIdentifier, list[Any]], int],
        from_wire: Callable[[Any], Any],
        stop: threading.Event,
    ) -> None:
        self._has_ui = info is not None and not info.IsHostNull and not info.IsHostUINull
        self._call = call
        self._from_wire = from_wire
        self._stop = stop
        self._changed = threading.Condition()
        self._responses: dict[int, Any] = {}

    @property
    def has_ui(self) -> bool:
        return self._has_ui

    def tell(self, method: str, arguments: Sequence[Any]) -> None:
        self._call(HostMethodIdentifier[method], [_wire(argument) for argument in arguments])

    def ask(self, method: str, arguments: Sequence[Any]) -> Any:
        with self._changed:
            call_id = self._call(HostMethodIdentifier[method], [_wire(argument) for argument in arguments])
            while call_id not in self._responses and not self._stop.is_set():
                self._changed.wait(WAIT_S)
            response = self._responses.pop(call_id, None)
        if response is None:
            return None
        if response.error is not None:
            raise NotSimulated(f"a host call ({method}) that the client refuses with an error")
        return self._from_wire(response.result)

    def answered(self, response: Any) -> None:
        with self._changed:
            self._responses[int(response.ci)] = response
            self._changed.notify_all()

    def wake(self) -> None:
        """The pipeline is to stop."""
        with self._changed:
            self._changed.notify_all()


def _wire(value: Any) -> Any:
    """An argument as MS-PSRP 2.2.6 encodes it."""
    if isinstance(value, list):
        return [_wire(item) for item in value]
    label, name = getattr(value, "label", None), getattr(value, "name", None)
    if label is not None:
        choice = ChoiceDescription(Label=label, HelpMessage=value.help_message)
        return ChoiceDescription.ToPSObjectForRemoting(choice, for_host=True)
    if name is not None:
        full = value.type_name
        field = FieldDescription(
            Name=name,
            Label="",
            HelpMessage="",
            IsMandatory=True,
            ParameterTypeName=full.rpartition(".")[2],
            ParameterTypeFullName=full,
            ParameterAssemblyFullName="mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089",
        )
        return FieldDescription.ToPSObjectForRemoting(field, for_host=True)
    return PSString(value) if isinstance(value, str) else value
