"""The built wheel, in a fresh virtual environment: what a user gets, not what the checkout has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``fleetdeploy`` script of a fresh venv with the wheel; its dependencies come from the test environment."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # A copy of what git tracks: a build must not depend on stray files of the checkout, nor leave any there.
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout.split("\0")
    for name in filter(None, listed):
        if not name.startswith("tests/") and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    wheel = next(folder.glob("fleetdeploy-*.whl"))
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    # The pip of the environment that runs the tests: to unpack another one costs as much as all the rest here.
    pip = (sys.executable, "-m", "pip", "--python", python)
    done = run(*pip, "install", "--quiet", "--no-deps", "--disable-pip-version-check", wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    # Dependencies (not fleetdeploy itself) from the environment that runs the tests: no download in a test.
    site = next((folder / "venv" / "lib").glob("python*/site-packages"))
    outer = [p for p in sys.path if p.endswith("site-packages")]
    (site / "outer.pth").write_text("\n".join(outer) + "\n")
    where = run(python, "-c", "import fleetdeploy; print(fleetdeploy.__file__)", cwd=folder)
    assert str(site) in where.stdout, where.stdout + where.stderr
    return folder / "venv" / "bin" / "fleetdeploy"


def test_version(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("fleetdeploy ")


def test_pytest_finds_the_fixture_of_the_lab(installed: Path, tmp_path: Path) -> None:
    code = (
        "from importlib.metadata import entry_points\n"
        "found = entry_points(group='pytest11', name='fleetdeploy-lab')\n"
        "print({one.load().windows_fleet.__name__ for one in found})"
    )
    done = run(installed.parent / "python", "-c", code, cwd=tmp_path)
    assert "windows_fleet" in done.stdout, done.stdout + done.stderr


def test_templates_and_examples_are_inside(installed: Path, tmp_path: Path) -> None:
    python = installed.parent / "python"
    code = (
        "import fleetdeploy, pathlib\n"
        "here = pathlib.Path(fleetdeploy.__file__).parent\n"
        "print(len(list(here.glob('_templates/powershell/*.ps1.j2'))), len(list(here.glob('_inventories/*.yml'))))"
    )
    templates, examples = map(int, run(python, "-c", code, cwd=tmp_path).stdout.split())
    assert templates == len(list((ROOT / "templates" / "powershell").glob("*.ps1.j2"))) > 0
    assert examples == len(list((ROOT / "inventories").glob("*.yml"))) > 0


def test_templates_are_checked_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    made = run(installed, "templates", "eject", "beat", cwd=tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    file = tmp_path / "templates" / "powershell" / "beat.ps1.j2"
    text = file.read_text().replace("$busy = $false", "$busy = Test-Json -Json $Request")
    file.write_text(text)
    listed = run(installed, "templates", "list", cwd=tmp_path)
    assert "there is no command Test-Json" in listed.stdout, listed.stdout + listed.stderr


def test_init_then_plan(installed: Path, tmp_path: Path) -> None:
    """``init`` writes a project that loads; ``plan`` of a version that is not there says so, and touches no host."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("FLEETDEPLOY_")}
    made = run(installed, "init", "shop", cwd=tmp_path, env=env)
    assert made.returncode == 0, made.stdout + made.stderr
    assert (tmp_path / "fleetdeploy.yml").is_file()
    planned = run(installed, "plan", "v1.4.2", cwd=tmp_path, env=env)
    assert planned.returncode == 6, planned.stdout + planned.stderr
    assert "v1.4.2" in planned.stderr
    assert "Traceback" not in planned.stderr
