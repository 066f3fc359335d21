"""What a plan shows to machines: all of it, but no secret."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.cli.plan_view import plan_data
from fleetdeploy.model.health import HealthSpec, ScriptCheck
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.plan.build import PlanRequest, build_plan
from tests.plan.sights import ARTIFACT, SPEC, host, service, sight


def shown(app: ServiceSpec, **more: Any) -> dict[str, Any]:
    checks = (ScriptCheck("s", "$true", parameters=(("Token", "hunter2"), ("Port", "80"))),)
    request = PlanRequest("prod", (host("a"),), app, ARTIFACT, StrategySettings(), HealthSpec(checks=checks))
    data = plan_data(build_plan(request, {"a": sight("a", service(**more))}))
    assert "hunter" not in json.dumps(data)
    return data


@pytest.mark.parametrize("argument", ["--api-key=hunter2", "--dsn=pg://u:hunter2@db/x"])
def test_no_value_of_an_environment_and_no_argument_that_looks_secret(argument: str) -> None:
    app = replace(SPEC, environment=(("DB_URL", "pg://u:hunter2@db/x"), ("A", "hunter2")), arguments=(argument,))
    data = shown(app, image=r'"D:\hand\shop.exe" --password hunter2')
    assert [name for name, _ in data["app"]["environment"]] == ["DB_URL", "A"]


def test_what_is_no_secret_is_shown() -> None:
    data = shown(replace(SPEC, arguments=("--port", "80")))
    assert data["app"]["arguments"] == ["--port", "80"]
    assert data["app"]["environment"] is None
    assert data["hosts"][0]["expected"]["image_path"] == r'"D:\old\shop.exe"'
    assert data["health"]["checks"][0]["parameters"][1] == ["Port", "80"]
