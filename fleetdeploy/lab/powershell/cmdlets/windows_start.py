"""Start-Process -Wait of a native program that the lab has. Programs that go on by themselves are refused."""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_support import machine_of
from fleetdeploy.lab.powershell.dotnet.windows_processes import ProcessObject
from fleetdeploy.lab.powershell.runtime.known_commands import exists_on_windows
from fleetdeploy.lab.powershell.runtime.native import NativeContext, program_of, split_command_line
from fleetdeploy.lab.windows.ownership import child

_STYLES = ("Normal", "Hidden", "Minimized", "Maximized")


@cmdlet("Start-Process", aliases=("start", "saps"))
class StartProcess(Cmdlet):
    default_set = "Default"
    parameters = (
        Param("FilePath", "string", position=0, mandatory=True, by_property=True, aliases=("PSPath",),
              not_null_or_empty=True),
        Param("ArgumentList", "string[]", position=1, aliases=("Args",), not_null_or_empty=True),
        Param("NoNewWindow", "switch", aliases=("nnw",), sets=("Default",)),
        Param("WindowStyle", "string", validate_set=_STYLES),
        Param("RedirectStandardOutput", "string", aliases=("RSO",), sets=("Default",)),
        Param("RedirectStandardError", "string", aliases=("RSE",), sets=("Default",)),
        Param("WorkingDirectory", "string"),
        Param("Wait", "switch"),
        Param("PassThru", "switch"),
        *(Param(name, unsupported=True) for name in ("Credential", "LoadUserProfile", "RedirectStandardInput",
                                                      "UseNewEnvironment", "Verb")),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        name = str(self.get("FilePath"))
        program = program_of(name)
        key = name.lower()
        if program is None:
            if ("\\" in key and not self._is_file(ctx, name)) or ("\\" not in key and not exists_on_windows(key)):
                ctx.fail("InvalidOperationException", "InvalidOperation", "System.InvalidOperationException",
                         "This command cannot be run due to the error: The system cannot find the file specified.",
                         terminating=True)  # fmt: skip
            raise NotSimulated(f"Start-Process {name}", ctx.line)
        if not self.get("Wait") or (self.bound("WorkingDirectory") and not self._is_folder(ctx)):
            raise NotSimulated("Start-Process without -Wait, or from a directory that is not there", ctx.line)
        line = " ".join(str(one) for one in self.get("ArgumentList") or ())
        context = NativeContext(host, ctx.sleep, ctx.check_stop, ctx.runspace.environment_get)
        with child(name):
            result = program(context, split_command_line(line), None)
        image = name if "\\" in name else f"C:\\Windows\\system32\\{name if key.endswith('.exe') else name + '.exe'}"
        with host.lock:
            started = host.processes.spawn(image, f'"{image}" {line}'.rstrip(), parent_pid=host.shell_process.pid)
            host.processes.end(started, result.exit_code)
        for name, lines in (
            ("RedirectStandardOutput", result.stdout_lines),
            ("RedirectStandardError", result.stderr_lines),
        ):
            if self.bound(name):
                target = pp.literal(ctx, str(self.get(name)))
                host.fs.write_bytes(target.path, "".join(f"{one}\r\n" for one in lines).encode("cp437", "replace"))
        if self.get("PassThru"):
            ctx.write(ProcessObject(host, started))

    def _is_file(self, ctx: CmdletContext, name: str) -> bool:
        return bool(machine_of(ctx).fs.is_file(pp.literal(ctx, name).path))

    def _is_folder(self, ctx: CmdletContext) -> bool:
        return bool(machine_of(ctx).fs.is_dir(pp.literal(ctx, str(self.get("WorkingDirectory"))).path))
