"""cmd shells (WinRS), as far as pywinrm's run_cmd and run_ps and pypsrp's execute_cmd need them.

A command line is one program with its arguments. Programs are those of the PowerShell side's table of native
programs; ``powershell -EncodedCommand`` runs its script and prints what PowerShell would. Pipes, redirections and
cmd's own language are not simulated.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.windows.ownership import acting_as
from fleetdeploy.lab.wsman import engine as seam
from fleetdeploy.lab.wsman.faults import WSManFault
from fleetdeploy.lab.wsman.shells import Hooks, Shell, ShellCommand
from fleetdeploy.lab.wsman.threads import start_thread

log = logging.getLogger(__name__)

CONTROL_C_EXIT = 0xC000013A
_META = re.compile(r'["^%&|<>()!]')


class CmdShell(Shell):
    """A cmd shell: commands one by one or side by side, each with stdout, stderr and an exit code."""

    kind = "cmd"

    def __init__(
        self, loop: asyncio.AbstractEventLoop, host: Any, *, engine: seam.Engine, hooks: Hooks, **common: Any
    ) -> None:
        super().__init__(loop, host, **common)
        self.engine = engine
        self.hooks = hooks

    async def command(self, command_id: str, line: str, arguments: list[str], options: dict[str, str]) -> ShellCommand:
        command = _Program(self, command_id, " ".join((line, *arguments)).strip())
        self.hooks.starting(command)
        self.commands[command.id] = command
        start_thread(command.work, f"lab-{self.host.name}-cmd")
        return command

    def send(self, command_id: str, stream: str, data: bytes, *, end: bool) -> None:
        command = self.find(command_id)
        if not isinstance(command, _Program):
            raise WSManFault.command_not_found()
        try:
            command.feed(base64.b64decode(data), end=end)
        except binascii.Error as error:
            raise WSManFault.schema("a stream that is not base64") from error


class _Program(ShellCommand):
    def __init__(self, shell: CmdShell, command_id: str, line: str) -> None:
        super().__init__(shell, command_id)
        self.owner = shell
        self.text = line
        self._stdin: list[bytes] = []
        self._stdin_ended = threading.Event()

    def feed(self, data: bytes, *, end: bool) -> None:
        if data:
            self._stdin.append(data)
        if end:
            self._stdin_ended.set()

    def request_stop(self) -> None:
        super().request_stop()
        self._stdin_ended.set()

    def out(self, text: str, stream: str = "stdout") -> None:
        if text:
            self.queue.put(stream, text.encode("cp437", "replace"))

    def work(self) -> None:
        """On the command's thread."""
        code = 1
        try:
            with acting_as(self.owner):
                code = self._run()
        except NotSimulated as refused:
            if refused not in self.owner.host.not_simulated:
                self.owner.host.not_simulated.append(refused)
            self.out(f"{refused}\r\n", "stderr")
        except Exception as broken:
            log.exception("the lab failed at a command of host %s", self.owner.host.name)
            self.owner.host.not_simulated.append(NotSimulated(f"(a defect of the lab) {broken!r}"))
            self.out(f"(a defect of the lab) {broken!r}\r\n", "stderr")
        finally:
            self.owner.let_go()
            self.owner.hooks.ended(self)
            self.queue.finish(CONTROL_C_EXIT if self.stop.is_set() else code)

    def _run(self) -> int:
        words = split_command_line(self.text)
        if not words:
            return 0
        name = words[0].rpartition("\\")[2].lower().removesuffix(".exe")
        if name in ("powershell", "pwsh"):
            return self._powershell(words[1:])
        if _META.search(self.text.replace('"', "")):
            raise NotSimulated(f"cmd: {self.text}")
        if name == "exit":
            digits = [word for word in words[1:] if word.lstrip("-").isdigit()]
            return int(digits[0]) if digits else 0
        return self._native(words)

    def _native(self, words: list[str]) -> int:
        """A program of the table of native programs, called through the engine as ``& NAME ARGUMENTS``."""
        engine = self.owner.engine
        runspace = engine.runspace(self.owner.host)
        sink = _TextSink(engine.display)
        # With .exe: cmd knows no cmdlet and no alias (`sc` would be Set-Content).
        program = words[0] if words[0].lower().endswith(".exe") else f"{words[0]}.exe"
        call = engine.command(
            seam.Command(program, is_script=False, parameters=tuple((None, word) for word in words[1:]))
        )
        outcome = runspace.run([call], None, sink, self.stop, no_input=True)
        _raise_refused(outcome)
        if "CommandNotFoundException" in sink.error_ids or (
            outcome.error is not None and "CommandNotFoundException" in str(getattr(outcome.error, "error_id", ""))
        ):
            self.out(
                f"'{words[0]}' is not recognized as an internal or external command,\r\n"
                "operable program or batch file.\r\n",
                "stderr",
            )
            return 1
        self.out("".join(f"{line}\r\n" for line in sink.lines))
        self.out("".join(f"{line}\r\n" for line in sink.error_lines), "stderr")
        return _last_exit_code(engine, runspace, self.stop)

    def _powershell(self, words: list[str]) -> int:
        script = _script_of(words)
        if script is None:
            raise NotSimulated(f"cmd: powershell {' '.join(words)[:200]}")
        if script == "-":
            self._stdin_ended.wait()
            script = b"".join(self._stdin).decode("utf-8", "replace")
        engine = self.owner.engine
        runspace = engine.runspace(self.owner.host)
        sink = _TextSink(engine.display)
        command = engine.command(seam.Command(script, is_script=True, use_local_scope=False))
        outcome = runspace.run([command], None, sink, self.stop, no_input=True)
        self.out("".join(f"{line}\r\n" for line in sink.lines))
        _raise_refused(outcome)
        if outcome.state == "Failed" and outcome.error is not None:
            sink.error(outcome.error)
        if sink.error_texts:
            self.out(clixml_errors(sink.error_texts), "stderr")
        if sink.exit_code is not None:
            return sink.exit_code
        return 1 if outcome.state == "Failed" else 0


class _TextSink:
    """Collects what a console would show."""

    def __init__(self, display: Callable[[Any], list[str]]) -> None:
        self._display = display
        self.lines: list[str] = []
        self.error_lines: list[str] = []
        self.error_texts: list[str] = []
        self.error_ids: set[str] = set()
        self.exit_code: int | None = None

    def output(self, value: Any) -> None:
        self.lines.extend(self._display(value))

    def error(self, record: Any) -> None:
        error_id = str(getattr(record, "error_id", "") or "")
        self.error_ids.add(error_id)
        self.error_lines.append(str(record))
        self.error_texts.append(error_text(record))

    def warning(self, message: str) -> None:
        self.lines.append(f"WARNING: {message}")

    def verbose(self, message: str) -> None:
        self.lines.append(f"VERBOSE: {message}")

    def debug(self, message: str) -> None:
        self.lines.append(f"DEBUG: {message}")

    def information(self, value: Any, tags: Sequence[str] = ()) -> None:
        if "PSHOST" in tags:
            self.lines.extend(self._display(getattr(value, "message", value)))

    def progress(self, *args: Any, **kwargs: Any) -> None:
        """A console without a window shows none."""

    def set_should_exit(self, code: int) -> None:
        self.exit_code = code


def error_text(record: Any) -> str:
    """An error as Windows PowerShell writes it to the console, without the position it would show."""
    error_id = str(getattr(record, "error_id", "") or "")
    category = str(getattr(record, "category", "") or "NotSpecified")
    exception = getattr(record, "exception", None)
    reason = str(getattr(record, "reason", "") or getattr(exception, "type_name", "")).rpartition(".")[2]
    return (
        f"{record}\r\n    + CategoryInfo          : {category}: (:) [], {reason}\r\n"
        f"    + FullyQualifiedErrorId : {error_id}\r\n \r\n"
    )


def clixml_errors(texts: list[str]) -> str:
    """stderr of ``powershell -EncodedCommand``: error lines as CLIXML strings."""
    lines = [line for text in texts for line in text.split("\r\n")[:-1]]
    parts = "".join(f'<S S="Error">{escape(line)}_x000D__x000A_</S>' for line in lines)
    return (
        f'#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">{parts}</Objs>'
    )


def split_command_line(line: str) -> list[str]:
    """Arguments by the rules of CommandLineToArgvW."""
    words: list[str] = []
    word: list[str] | None = None
    quoted, index = False, 0
    while index < len(line):
        char = line[index]
        if char == "\\":
            end = index
            while end < len(line) and line[end] == "\\":
                end += 1
            count = end - index
            word = [] if word is None else word
            if end < len(line) and line[end] == '"':
                word.append("\\" * (count // 2))
                if count % 2:
                    word.append('"')
                    end += 1
            else:
                word.append("\\" * count)
            index = end
            continue
        if char == '"':
            word = [] if word is None else word
            if quoted and line[index + 1 : index + 2] == '"':
                word.append('"')
                index += 1
            else:
                quoted = not quoted
        elif char in " \t" and not quoted:
            if word is not None:
                words.append("".join(word))
                word = None
        else:
            word = [] if word is None else word
            word.append(char)
        index += 1
    if word is not None:
        words.append("".join(word))
    return words


def _script_of(words: list[str]) -> str | None:
    """The script that a powershell.exe command line runs, "-" for standard input; None: not simulated."""
    rest = iter(words)
    for word in rest:
        option = word.lower().lstrip("-/")
        if option in ("encodedcommand", "e", "ec", "enc", "encodedc", "en"):
            with contextlib.suppress(binascii.Error, UnicodeDecodeError, StopIteration):
                return base64.b64decode(next(rest)).decode("utf-16-le")
            return None
        if option in ("command", "c"):
            return " ".join(rest)
        if option in ("noprofile", "nop", "noninteractive", "noni", "nologo", "sta", "mta"):
            continue
        if option in ("executionpolicy", "ep", "ex", "exec", "outputformat", "of", "inputformat", "if"):
            next(rest, None)
            continue
        return None if word.startswith(("-", "/")) and word != "-" else "-" if word == "-" else " ".join((word, *rest))
    return None


def _raise_refused(outcome: seam.Outcome) -> None:
    if outcome.not_simulated is not None:
        raise outcome.not_simulated


def _last_exit_code(engine: seam.Engine, runspace: seam.Runspace, stop: threading.Event) -> int:
    sink = _TextSink(engine.display)
    runspace.run([engine.command(seam.Command("$LASTEXITCODE", is_script=True))], None, sink, stop, no_input=True)
    return int(sink.lines[0]) if sink.lines and sink.lines[0].lstrip("-").isdigit() else 0


__all__ = ["CmdShell", "clixml_errors", "split_command_line"]
