"""Plans as files: whole, private, without secrets, and refused when they are not what they say."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fleetdeploy.app.going_on import _check_files
from fleetdeploy.app.plan_files import has_files, read_plan, with_files, write_plan
from fleetdeploy.app.plans import moved_since
from fleetdeploy.errors import ConfigError, RefusalReason, Refused, UsageError
from fleetdeploy.model.health import HealthSpec, HttpCheck, ScriptCheck, TcpCheck
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.strategy import Amount, StrategySettings
from fleetdeploy.plan.build import PlanRequest, build_plan
from tests.plan.sights import ARTIFACT, SPEC, host, service, sight

CANARY = StrategySettings(kind="canary", batch=Amount(2), bake_canary_s=0)


def made(**more: Any) -> Plan:
    names = ("a", "b", "c")
    request = PlanRequest(
        "prod",
        tuple(host(n) for n in names),
        more.pop("app", SPEC),
        more.pop("artifact", ARTIFACT),
        CANARY,
        more.pop("health", HealthSpec(checks=(TcpCheck("t", 80),))),
    )
    seen = more.pop("service_", service())
    return build_plan(request, {n: sight(n, seen, **more) for n in names})


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    plan, file = made(), tmp_path / "deep" / "plan.json"
    write_plan(plan, file)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    again = read_plan(file)
    assert again == plan
    assert again.digest == plan.digest == json.loads(file.read_text())["digest"]
    assert list(file.parent.iterdir()) == [file], "nothing is left beside it"


def test_it_names_no_path_of_the_machine_that_wrote_it(tmp_path: Path) -> None:
    exe = tmp_path / "shop.exe"
    exe.write_bytes(b"x")
    paths = {f.path: str(exe) for f in ARTIFACT.manifest.files}
    plan = made(artifact=replace(ARTIFACT, local_paths=paths))
    write_plan(plan, tmp_path / "plan.json")
    assert str(tmp_path) not in (tmp_path / "plan.json").read_text()
    again = read_plan(tmp_path / "plan.json")
    assert has_files(plan)
    assert not has_files(again)
    assert again.digest == plan.digest
    assert with_files(plan, None) == plan
    exe.unlink()
    assert not has_files(with_files(plan, None))


@pytest.mark.parametrize("edit", ["version", "batches", "digest"])
def test_a_plan_that_was_edited_is_refused(tmp_path: Path, edit: str) -> None:
    plan, file = made(), tmp_path / "plan.json"
    write_plan(plan, file)
    data = json.loads(file.read_text())
    if edit == "version":
        data["plan"]["version"] = "v9.9.9"
    elif edit == "batches":
        data["plan"]["batches"].reverse()
    else:
        data["digest"] = "0" * 12
    file.write_text(json.dumps(data))
    with pytest.raises(Refused) as refused:
        read_plan(file)
    assert refused.value.reason is RefusalReason.NO_PLAN
    assert data["digest"] in refused.value.what


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "schema None"),
        ('{"schema": "fleetdeploy-plan/2"}', "fleetdeploy-plan/2"),
        ('{"schema": "fleetdeploy-plan/1", "plan": {"kind": "forward"}}', "is no plan"),
        ('{"schema": "fleetdeploy-plan/1", "plan": 3}', "is no plan"),
    ],
)
def test_what_is_no_plan_is_named(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "plan.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=says) as error:
        read_plan(file)
    assert error.value.file == str(file)


@pytest.mark.parametrize(
    ("plan", "names"),
    [
        (
            made(app=replace(SPEC, environment=(("PORT", "80"), ("DB_PASSWORD", "hunter2")))),
            "app.environment DB_PASSWORD",
        ),
        (made(app=replace(SPEC, environment=(("DSN", "pg://u:hunter2@db/x"),))), "app.environment DSN"),
        (made(app=replace(SPEC, environment=(("DB", "Server=db;User Id=u;Pwd=hunter2"),))), "app.environment DB"),
        (made(app=replace(SPEC, arguments=("--dsn=pg://u:hunter2@db/x",))), "a password in a URL"),
        (
            made(health=HealthSpec(checks=(HttpCheck("h", 80, "/health?token=hunter2"),))),
            "token in the path of check h",
        ),
        (made(app=replace(SPEC, arguments=("--api-key=hunter2",))), "the argument api-key"),
        (made(app=replace(SPEC, arguments=("--token", "hunter2"))), "the argument token"),
        (made(service_=service(image=r'"D:\hand\shop.exe" --password hunter2')), "the argument password"),
        (
            made(health=HealthSpec(checks=(ScriptCheck("s", "$true", parameters=(("Token", "hunter2"),)),))),
            "the parameter Token of check s",
        ),
    ],
)
def test_a_plan_with_a_secret_in_it_is_not_written(tmp_path: Path, plan: Plan, names: str) -> None:
    with pytest.raises(UsageError) as error:
        write_plan(plan, tmp_path / "plan.json")
    assert names in error.value.what
    assert "hunter2" not in error.value.what + " ".join(error.value.next_steps)
    assert any("FLEETDEPLOY_STORE" in step for step in error.value.next_steps)
    assert not list(tmp_path.iterdir())


def test_what_moved_never_shows_a_secret() -> None:
    before = made(app=replace(SPEC, arguments=("--token", "hunter2"), environment=(("A", "hunter2"),)))
    after = made(app=replace(SPEC, arguments=("--dsn", "pg://u:hunter3@x"), environment=(("A", "hunter3"),)))
    lines = moved_since(before, after)
    assert "app.arguments: changed" in lines
    assert "app.environment: changed" in lines
    assert "hunter" not in " ".join(lines)
    (line,) = moved_since(made(), made(app=replace(SPEC, arguments=("--port", "81"))))
    assert line.startswith("app.arguments: ")
    assert '"81"' in line


@pytest.mark.parametrize("image", [r"C:\Token Service\password\shop.exe --port 80", r'"C:\secret\a.exe"'])
def test_a_folder_is_no_secret(tmp_path: Path, image: str) -> None:
    app = replace(SPEC, environment=(("DB_LOGIN", r"C:\Secrets\db.txt"), ("HOST", "http://db:80/a?x=1")))
    write_plan(made(service_=service(image=image), app=app), tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json")


def test_a_place_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="nothing was changed"):
        write_plan(made(), tmp_path / "file" / "plan.json")


def test_bytes_that_must_still_be_sent_must_lie_here(tmp_path: Path) -> None:
    plan = made()
    sights = {n: sight(n, staged=(ARTIFACT.release_name,)) for n in "abc"}
    _check_files(plan, sights)
    sights["b"] = sight("b")
    with pytest.raises(Refused, match="must still be sent to b,") as refused:
        _check_files(plan, sights)
    assert refused.value.reason is RefusalReason.ARTIFACT
    exe = tmp_path / "x"
    exe.write_bytes(b"x")
    paths = {f.path: str(exe) for f in ARTIFACT.manifest.files}
    _check_files(replace(plan, artifact=replace(ARTIFACT, local_paths=paths)), sights)
