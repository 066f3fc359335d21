"""The frame: exit codes, error texts, lazy imports. Runs the real command in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from fleetdeploy import __version__
from fleetdeploy.cli import main
from fleetdeploy.cli.frame import run_guarded
from fleetdeploy.cli.output.plain import JsonReporter, PlainReporter
from fleetdeploy.cli.results import message
from fleetdeploy.errors import EXIT_CODE_TEXTS, ConfigError, ExitCode, Interrupted, RefusalReason, Refused
from fleetdeploy.model.events import Note

HEAVY = (
    "pypsrp",
    "winrm",
    "requests",
    "rich",
    "jinja2",
    "psycopg",
    "pydantic",
    "yaml",
    "psrpcore",
    "spnego",
    "fleetdeploy.lab",
)


def fleetdeploy(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fleetdeploy", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_version_names_the_package_version() -> None:
    done = fleetdeploy("--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"fleetdeploy {__version__}")


def test_a_pipe_that_has_no_such_character_ends_no_rollout(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252", write_through=True))
    said = Note("es ist größer, 文件 \udcff")

    def command() -> None:
        PlainReporter().report(said)
        JsonReporter().report(said)

    monkeypatch.setattr(main, "app", command)
    main.run()
    plain, line = raw.getvalue().decode("cp1252").splitlines()
    assert plain.endswith(r"es ist größer, \u6587\u4ef6 \udcff")
    assert json.loads(line)["text"] == said.text


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom fleetdeploy.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as e:\n    assert not e.code, e.code\n"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]\nsys.exit(','.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "rollback" in done.stdout


def test_every_exit_code_is_explained() -> None:
    assert set(EXIT_CODE_TEXTS) == set(ExitCode)
    done = fleetdeploy("help", "exit-codes", "--output", "json")
    assert json.loads(done.stdout) == {str(int(code)): text for code, text in EXIT_CODE_TEXTS.items()}


def test_unknown_command_is_bad_usage() -> None:
    done = fleetdeploy("rolout")
    assert done.returncode == ExitCode.USAGE
    assert "rolout" in done.stderr


def test_unknown_help_topic_says_what_to_type() -> None:
    done = fleetdeploy("help", "exits")
    assert done.returncode == ExitCode.USAGE
    assert "fleetdeploy help exit-codes" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("unknown key 'hots'", file="prod.yml", line=3, next_steps=("write 'hosts'",)), ExitCode.USAGE),
        (Refused("occupied", reason=RefusalReason.OCCUPIED, why=("bob's rollout",)), ExitCode.REFUSED),
        (Interrupted(), ExitCode.INTERRUPTED),
        (ZeroDivisionError("ours"), ExitCode.INTERNAL),
    ],
)
def test_errors_end_in_their_exit_code(
    error: BaseException, code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    assert run_guarded(fail, "text") is code  # type: ignore[arg-type]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err


def test_error_as_json_has_file_line_and_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ConfigError("unknown key 'hots'", file="prod.yml", line=3, next_steps=("write 'hosts'",))

    run_guarded(fail, "json")  # type: ignore[arg-type]
    said = json.loads(capsys.readouterr().out)
    assert (said["file"], said["line"], said["next"], said["exit_code"]) == ("prod.yml", 3, ["write 'hosts'"], 2)


def test_a_result_is_printed_once_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(lambda: message("done", count=2), "json") is ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"message": "done", "count": 2}
    run_guarded(lambda: message("done", count=2), "text")
    assert capsys.readouterr().out == "done\n"
