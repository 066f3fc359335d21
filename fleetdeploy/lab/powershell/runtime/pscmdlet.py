"""`$PSCmdlet` of an advanced function: WriteError, ThrowTerminatingError, ShouldProcess, ParameterSetName …"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime.errors import ScriptError, complete
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.values import MISSING, ErrorRecord, NetObject

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.script_processor import ScriptProcessor


class PSCmdletValue(NetObject):
    """System.Management.Automation.PSScriptCmdlet."""

    def __init__(self, processor: ScriptProcessor) -> None:
        self.processor = processor

    @property
    def parameter_set_name(self) -> str:
        binder = self.processor.binder
        return "__AllParameterSets" if binder is None else binder.bound.set_name

    def invoke(self, name: str, args: list[Any]) -> Any:
        """A method of it; names are case-insensitive."""
        processor = self.processor
        rt = processor.rt
        key = name.lower()
        if key in ("writeerror", "throwterminatingerror"):
            record = args[0]
            if not isinstance(record, ErrorRecord):
                raise NotSimulated(f"$PSCmdlet.{name} without an ErrorRecord")
            complete(record, activity=processor.name)
            record.invocation_info = processor.info
            if not record.error_id.endswith(f",{processor.name}"):
                record.error_id = f"{record.error_id},{processor.name}"
            if key == "throwterminatingerror":
                raise ThrowTerminating(record, processor)
            before = rt.scope
            rt.scope = processor.scope
            try:
                processor.write_error(record)
            finally:
                rt.scope = before
            return AUTO_NULL
        if key == "writeobject":
            value = args[0]
            if len(args) > 1 and args[1]:
                rt.emit(value, processor.out)
            else:
                processor.out(value)
            return AUTO_NULL
        if key in ("writewarning", "writeverbose", "writedebug"):
            stream = key.removeprefix("write")
            default = "continue" if stream == "warning" else "silentlycontinue"
            rt.write_stream(stream, rt.to_string(args[0]), rt.preference(f"{stream}Preference", default))
            return AUTO_NULL
        if key == "shouldprocess":
            return self._should_process(args)
        if key == "shouldcontinue":
            raise NotSimulated("$PSCmdlet.ShouldContinue (a prompt)")
        if key in ("gettype", "tostring"):
            return MISSING
        raise NotSimulated(f"$PSCmdlet.{name}()")

    def _should_process(self, args: list[Any]) -> bool:
        processor = self.processor
        rt = processor.rt
        target = rt.to_string(args[0]) if args else ""
        action = rt.to_string(args[1]) if len(args) > 1 else processor.name
        whatif = processor.flag("whatif")
        if whatif is None:
            whatif = rt.preference("WhatIfPreference", "false") in ("true", "1")
        if whatif:
            rt.runspace.host_line(f'What if: Performing the operation "{action}" on target "{target}".')
            return False
        confirm = processor.flag("confirm")
        if confirm is None:
            order = {"none": 0, "low": 1, "medium": 2, "high": 3}
            impact = processor.signature.confirm_impact.lower() if processor.signature else "medium"
            wanted = rt.preference("ConfirmPreference", "high")
            confirm = bool(order.get(wanted, 3)) and order.get(impact, 2) >= order.get(wanted, 3)
        if confirm:
            raise NotSimulated(f"a confirmation prompt of {processor.name}")
        return True


class ThrowTerminating(ScriptError):
    """ThrowTerminatingError: ends the function; for the caller it is a statement error."""

    def __init__(self, record: ErrorRecord, frame: object) -> None:
        super().__init__(record)
        self.frame = frame
