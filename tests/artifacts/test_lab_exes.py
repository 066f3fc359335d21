"""The product's reader against the lab's writer, which share no code."""

from __future__ import annotations

from fleetdeploy.artifacts.pe import parse_build_info
from fleetdeploy.lab.windows.pe import GoBuild, make_exe


def test_the_lab_makes_programs_that_the_product_can_read() -> None:
    build = GoBuild(go_version="go1.21.3", goarch="arm64", version="v1.4.2", settings=(("vcs.modified", "true"),))
    info = parse_build_info(make_exe({"healthy": True}, build=build, size=200_000))
    assert (info.machine, info.go_version, info.module_version) == ("arm64", "go1.21.3", "v1.4.2")
    assert info.vcs_modified
    assert parse_build_info(make_exe(None, go=False)).go_version == ""
