"""The ``logs`` list of a project file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.errors import ConfigError
from fleetdeploy.model.paths import log_patterns
from fleetdeploy.settings import load_project
from fleetdeploy.settings.explain import explain

BASE = "app: {name: shop, exe: shop.exe, root: 'C:\\Apps'}\nartifacts: {path: 'dist/{version}/shop.exe'}\n"


def load(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "fleetdeploy.yml").write_text(BASE + text, encoding="utf-8")
    return load_project(folder).app.logs


@pytest.mark.parametrize(
    ("written", "read", "on_the_host"),
    [
        ("logs: '{workdir}\\*.log'", "{workdir}\\*.log", "C:\\Apps\\shop\\data\\*.log"),
        ("logs: ['{root}/logs/shop-??.log']", "{root}\\logs\\shop-??.log", "C:\\Apps\\logs\\shop-??.log"),
        ("logs: ['D:\\logs\\shop.log']", "D:\\logs\\shop.log", "D:\\logs\\shop.log"),
    ],
)
def test_good_ones(tmp_path: Path, written: str, read: str, on_the_host: str) -> None:
    assert load(tmp_path, written) == (read,)
    assert log_patterns(load_project(tmp_path).app) == (on_the_host,)


def test_none_is_none_and_config_says_so(tmp_path: Path) -> None:
    assert load(tmp_path, "") == ()
    shown = {s.key: s.shown for s in explain(load_project(tmp_path))}
    assert shown["logs"].startswith("(none")
    load(tmp_path, "logs: ['D:\\a.log', 'D:\\b.log']")
    shown = {s.key: s.shown for s in explain(load_project(tmp_path))}
    assert shown["logs"] == "[D:\\a.log, D:\\b.log]"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("shop.log", "no path on a host"),
        ("\\\\nas\\logs\\shop.log", "network path"),
        ("{workdir}", "no path on a host"),
        ("{workdir}\\", "does not end in a file name"),
        ("C:\\logs*\\shop.log", "last part only"),
        ("{release}\\shop.log", "no path on a host"),
        ("C:\\{root}\\shop.log", "last part only"),
        ("C:\\logs\\..\\shop.log", ".. in it"),
        ('C:\\logs\\sh"op.log', "no Windows path"),
    ],
)
def test_bad_ones_name_their_line(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"logs:\n  - '{written}'\n")
    assert said in str(caught.value)
    assert "fleetdeploy.yml:4" in str(caught.value)


def test_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at most 8"):
        load(tmp_path, f"logs: [{', '.join(['D:/a.log'] * 9)}]")
