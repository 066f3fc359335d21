"""The project file: what is read, and errors that name file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleetdeploy.errors import ConfigError, UsageError
from fleetdeploy.model.health import HttpCheck, ScriptCheck, TcpCheck
from fleetdeploy.model.project import Project, Timeouts, UploadSettings
from fleetdeploy.model.strategy import Amount, LabelSelector, StrategySettings
from fleetdeploy.settings import load_project, render_example

APP = "app: {name: shop, exe: shop.exe, root: 'C:\\Apps'}\n"
ART = "artifacts: {path: 'dist/{version}/shop.exe'}\n"
MINIMAL = APP + ART


def load(tmp_path: Path, text: str) -> Project:
    (tmp_path / "fleetdeploy.yml").write_text(text, encoding="utf-8")
    return load_project(tmp_path)


def app(line: str) -> str:
    """A project whose app section has one more line (line 5)."""
    return "app:\n  name: shop\n  exe: shop.exe\n  root: C:\\Apps\n  " + line + "\n" + ART


def test_a_minimal_file_has_the_defaults(tmp_path: Path) -> None:
    project = load(tmp_path, MINIMAL)
    assert (project.app.app, project.app.name, project.app.root) == ("shop", "shop", "C:\\Apps")
    assert project.app.environment is None
    assert project.app.recovery is None
    assert project.strategy == StrategySettings()
    assert (project.budget, project.retention, project.parallel) == (0, 3, 50)
    assert (project.timeouts, project.upload) == (Timeouts(), UploadSettings())
    assert (project.health.min_healthy_s, project.health.deadline_s) == (30.0, 120.0)
    assert project.artifacts.verify == "auto"
    assert project.directory == str(tmp_path.resolve())


def test_the_floor_of_a_one_way_migration(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).rollback_floor == ""
    assert load(tmp_path, MINIMAL + "rollback_floor: v1.4.0\n").rollback_floor == "v1.4.0"
    with pytest.raises(ConfigError, match="'yesterday' is no semantic version") as caught:
        load(tmp_path, MINIMAL + "rollback_floor: yesterday\n")
    assert (caught.value.line, caught.value.next_steps) == (3, ("rollback_floor: v1.4.0",))


def test_everything_is_read(tmp_path: Path) -> None:
    (tmp_path / "deep.ps1").write_text("\ufeffparam($Port)\n$true\n", encoding="utf-8")
    project = load(
        tmp_path,
        r"""
app:
  name: shop
  service: Shop Service
  display_name: The shop
  exe: bin/shop.exe
  root: D:/Apps/
  arguments: [--port, 8080, "", '"quoted"']
  environment: {A: "1", B: no, C: 1.10, D:}
  start_type: delayed-auto
  account: CORP\svc
  account_password: file:pw
  recovery: {reset: 1h, actions: [restart 5s, restart 500ms, none], on_non_crash: yes}
  dependencies: [Tcpip, +Group]
  working_directory: data\shop
  start_timeout: 1m
artifacts: {path: "dist/{version}/shop.exe", manifest: "dist/{version}/SHA256SUMS", allow_dirty: true}
strategy:
  canary: [1, 5, 20%]
  batch: 4
  max_unavailable: 50%
  bake_canary: 10s
  on_unknown: rollback
  unreachable: skip
budget: 2
checks:
  - http: {port: 80, path: /version, status: [200, 204], json_path: build.version, equals: "{version}"}
    from: controller
  - tcp: {port: 80, timeout: 500ms}
  - name: deep
    script: {file: deep.ps1, parameters: {Port: 80}}
health: {min_healthy: 10s, deadline: 1m30s, interval: 1s, min_samples: 5}
retention: 7
""",
    )
    spec = project.app
    assert (spec.name, spec.root, spec.exe) == ("Shop Service", "D:\\Apps", "bin/shop.exe")
    assert spec.arguments == ("--port", "8080", "", '"quoted"')
    assert spec.environment == (("A", "1"), ("B", "no"), ("C", "1.10"), ("D", ""))
    assert spec.recovery is not None
    assert spec.recovery.actions == (("restart", 5000), ("restart", 500), ("none", 0))
    assert (spec.recovery.reset_s, spec.recovery.on_non_crash) == (3600, True)
    assert spec.dependencies == ("Tcpip", "+Group")
    assert spec.working_directory == "D:\\Apps\\shop\\data\\shop"
    assert (spec.start_timeout_s, spec.stop_timeout_s, spec.retention) == (60.0, 30.0, 7)
    assert str(spec.account_password) == "file:pw"
    strategy = project.strategy
    assert strategy.kind == "canary"
    assert strategy.canary == (Amount(1), Amount(5), Amount(20, percent=True))
    assert (strategy.batch, strategy.max_unavailable) == (Amount(4), Amount(50, percent=True))
    assert (strategy.budget, strategy.on_unknown, strategy.unreachable) == (2, "rollback", "skip")
    http, tcp, script = project.health.checks
    assert isinstance(http, HttpCheck)
    assert (http.status, http.json_path, http.vantage, http.compares_target) == (
        (200, 204),
        "build.version",
        "controller",
        True,
    )
    assert isinstance(tcp, TcpCheck)
    assert (tcp.name, tcp.timeout_s) == ("tcp 80", 0.5)
    assert isinstance(script, ScriptCheck)
    assert (script.script, script.parameters) == ("param($Port)\n$true\n", (("Port", "80"),))
    assert (project.artifacts.verify, project.artifacts.allow_dirty) == ("manifest", True)


def test_a_canary_label(tmp_path: Path) -> None:
    project = load(tmp_path, MINIMAL + "strategy: {canary: 'label:canary=true'}\n")
    assert project.strategy.canary == LabelSelector("canary", "true")


@pytest.mark.parametrize(
    ("text", "line", "words", "hint"),
    [
        (ART, 1, "app is missing", ""),
        (APP, 1, "artifacts is missing", ""),
        (app("naem: x"), 5, "unknown key 'naem' in app", "did you mean name"),
        (MINIMAL + "stratgy: {}\n", 3, "unknown key 'stratgy'", "strategy"),
        (MINIMAL + "strategy:\n  kind: cannary\n", 4, "not one of", "did you mean canary?"),
        (MINIMAL + "strategy:\n  batch: 0\n", 4, "0 would never touch a host", ""),
        (MINIMAL + "strategy:\n  batch: 0%\n", 4, "0 would never touch a host", ""),
        (MINIMAL + "strategy:\n  canary: 101%\n", 4, "more than all", ""),
        (MINIMAL + "strategy:\n  canary: [5, 5]\n", 4, "steps must grow", ""),
        (MINIMAL + "strategy:\n  canary: label:x\n", 4, "label:NAME=VALUE", ""),
        (MINIMAL + "strategy:\n  bake_canary: 5 minutes\n", 4, "no duration", ""),
        (MINIMAL + "budget: -1\n", 3, "not within", ""),
        (MINIMAL + "retention: 0\n", 3, "not within", ""),
        (MINIMAL + "health:\n  deadline: 40s\n", 4, "shorter than app.start_timeout + health.min_healthy (1m)", "1m"),
        (MINIMAL + "health:\n  min_healthy: 100s\n", 4, "health.deadline (2m) is shorter", ""),
        (app("recovery: {actions: [restart 30s]}"), 5, "not longer than the first recovery delay", ""),
        (app("recovery: {actions: [reboot 5s]}"), 5, "a reboot as recovery is refused", ""),
        (app("recovery: {actions: [restart]}"), 5, "needs a delay", ""),
        (app("recovery: {actions: [run 5s]}"), 5, "is no action", ""),
        (app("service: a/b"), 5, "no service name", ""),
        (app("service: " + "x" * 257), 5, "no service name", ""),
        (app("start_type: disabled"), 5, "1058", ""),
        (app("start_type: automatic"), 5, "not one of", "auto"),
        (app("account_password: env:X"), 5, "needs account", ""),
        (app("environment: {'a=b': c}"), 5, "cannot be an environment variable", ""),
        (app("environment: {a: b, A: c}"), 5, "twice", ""),
        (app("dependencies: [SHOP]"), 5, "depend on itself", ""),
        (app("working_directory: ..\\x"), 5, "is no folder", ""),
        (app("working_directory: State\\x"), 5, "keeps for itself", ""),
        (app("name: shop"), 5, "twice", ""),
        (MINIMAL.replace("C:\\Apps", "\\\\srv\\share"), 1, "network path", ""),
        (MINIMAL.replace("C:\\Apps", "C:\\"), 1, "whole drive", ""),
        (MINIMAL.replace("C:\\Apps", "Apps"), 1, "no absolute Windows folder", ""),
        (MINIMAL.replace("C:\\Apps", "C:\\Apps\\..\\Windows"), 1, "no absolute Windows folder", ""),
        (MINIMAL.replace("name: shop", "name: a/b"), 1, "cannot be a folder name", ""),
        (MINIMAL.replace("exe: shop.exe", "exe: ../shop.exe"), 1, "no exe inside", ""),
        (MINIMAL.replace("dist/", "\\\\srv\\dist/"), 2, "network path", "local folder"),
        (MINIMAL.replace("{version}/", ""), 2, "needs {version}", ""),
        (MINIMAL.replace("{version}/", "{version}/{arch}"), 2, "only {version}", ""),
        (APP + "artifacts: {path: '{version}.exe', sha256: x, manifest: y}\n", 2, "exclude one another", ""),
        (MINIMAL + "checks:\n  - {}\n", 4, "exactly one of http, tcp, script", ""),
        (MINIMAL + "checks:\n  - htpp: {port: 1}\n", 4, "unknown key 'htpp'", "did you mean http?"),
        (MINIMAL + "checks:\n  - http: {path: /x}\n", 4, "port is missing", ""),
        (MINIMAL + "checks:\n  - http: {port: 1, path: x}\n", 4, "no path", ""),
        (MINIMAL + "checks:\n  - http: {port: 1, json_path: a}\n", 4, "belong together", ""),
        (MINIMAL + "checks:\n  - http: {port: 1, json_path: 'a..b', equals: x}\n", 4, "no JSON path", ""),
        (MINIMAL + "checks:\n  - tcp: {port: 1}\n  - tcp: {port: 1}\n", 5, "is there twice (line 4)", ""),
        (MINIMAL + "checks:\n  - script: {file: nope.ps1}\n", 4, "cannot be read", ""),
        (MINIMAL + "checks:\n  - script: {file: fleetdeploy.yml}\n    from: controller\n", 5, "runs on the host", ""),
        (MINIMAL + "checks: 3\n", 3, "expected a list", ""),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, text: str, line: int, words: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert words in caught.value.what
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "fleetdeploy.yml"), line), caught.value.what
    assert hint in " ".join(caught.value.next_steps)


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, app("account: CORP\\x\n  account_password: hunter2"))
    assert caught.value.line == 6
    assert "hunter2" not in str(caught.value) + repr(caught.value)
    with pytest.raises(ConfigError, match="no password to give"):
        load(tmp_path, app("account: NT SERVICE\\shop\n  account_password: env:X"))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no project file") as caught:
        load_project(tmp_path)
    assert "fleetdeploy init" in caught.value.next_steps[0]


def test_the_example_loads(tmp_path: Path) -> None:
    project = load(tmp_path, render_example("till"))
    assert (project.app.app, project.app.name, project.app.exe) == ("till", "till", "till.exe")
    assert project.strategy.kind == "canary"
    assert [check.name for check in project.health.checks] == ["healthz", "version"]
    with pytest.raises(UsageError, match="cannot be the name of an app"):
        render_example("a/b")


def test_what_the_example_calls_defaults_are_the_defaults(tmp_path: Path) -> None:
    """Every commented-out setting is read when it is commented in, and changes nothing but what it names."""
    text = render_example("till")
    plain = load(tmp_path, text)
    lines = text.splitlines()
    commented = [i for i, line in enumerate(lines) if re.match(r"^\s*# [a-z_0-9]+: \S", line)]
    changing = (
        "description",
        "working_directory",
        "account:",
        "account_password",
        "dependencies",
        "manifest",
        "sha256",
        "promote_within",
    )
    tried = 0
    for i in commented:
        if any(lines[i].lstrip("# ").startswith(word) for word in changing):
            continue
        changed = [*lines[:i], lines[i].replace("# ", "", 1), *lines[i + 1 :]]
        project = load(tmp_path, "\n".join(changed))
        if "max_unavailable" in lines[i]:
            assert project.strategy.max_unavailable == project.strategy.batch
        else:
            assert (project.strategy, project.app, project.timeouts) == (plain.strategy, plain.app, plain.timeouts), (
                lines[i]
            )
            assert (project.health, project.upload, project.parallel) == (plain.health, plain.upload, plain.parallel)
        tried += 1
    assert tried >= 14
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/deep.ps1").write_text("$true")
    everything = [re.sub(r"^(\s*)# (?=[a-z_0-9]+: \S|- |  from:)", r"\1", line) for line in lines]
    left_out = ("manifest:", "account_password:")
    whole = load(tmp_path, "\n".join(line for line in everything if not any(word in line for word in left_out)))
    assert whole.app.working_directory == "C:\\Apps\\till\\data"
    assert len(whole.health.checks) == 5
