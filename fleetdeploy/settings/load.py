"""Reads ``fleetdeploy.yml``: one app, its artifacts, strategy, checks and times. Every error names file and line.

The file itself is explained in ``example.yml``. Environment and options come later (``overrides.py``); what must fit
together across sections is in ``rules.py``.
"""

from __future__ import annotations

from pathlib import Path

from fleetdeploy.documents import Section, Value, parse
from fleetdeploy.errors import ConfigError, UsageError
from fleetdeploy.freeze_documents import read_freeze
from fleetdeploy.model.project import ArtifactSource, Project, Timeouts, UploadSettings
from fleetdeploy.model.version import Version
from fleetdeploy.settings import rules
from fleetdeploy.settings.checks import read_checks, read_health
from fleetdeploy.settings.logs import read_logs
from fleetdeploy.settings.retention import read_retention
from fleetdeploy.settings.service import read_app, refuse_network_path
from fleetdeploy.settings.strategy import read_strategy

PROJECT_FILE = "fleetdeploy.yml"


def load_project(path_or_dir: Path | str = ".") -> Project:
    """The project of a folder, or of a file in it.

    Raises:
        UsageError: there is no project file.
        ConfigError: something in it is wrong, with file and line.
    """
    path = Path(path_or_dir)
    path = path / PROJECT_FILE if path.is_dir() else path
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            f"no project file {path}",
            next_steps=("fleetdeploy init   (writes an annotated one)", "or say where it is: --project DIR"),
        ) from None
    except UnicodeDecodeError:
        raise ConfigError("the file is not UTF-8", file=str(path)) from None
    except OSError as problem:
        raise ConfigError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    project = _read(parse(text, str(path)), path)
    rules.check(project)
    return project


def _read(top: Section, path: Path) -> Project:
    directory = path.resolve().parent
    budget = top.get("budget")
    retention = read_retention(top.get("retention"))
    parallel = top.get("parallel")
    floor = top.get("rollback_floor")
    top.need("app", "write  app:  and under it name, exe and root (fleetdeploy init writes an example)")
    top.need("artifacts", "write  artifacts: {path: 'dist/{version}/shop.exe'}")
    upload = top.section("upload")
    upload_parallel = upload.get("parallel")
    timeouts = top.section("timeouts")
    default = Timeouts()
    project = Project(
        app=read_app(top.section("app"), retention.releases, read_logs(top.get("logs"))),
        artifacts=_read_artifacts(top.section("artifacts")),
        strategy=read_strategy(top.section("strategy"), budget.integer(0, 100_000) if budget else 0),
        health=read_health(top.section("health"), read_checks(top.get("checks"), directory)),
        directory=str(directory),
        file=str(path),
        upload=UploadSettings(upload_parallel.integer(1, 200) if upload_parallel else UploadSettings().parallel),
        timeouts=Timeouts(
            call_s=v.duration(1, 3600) if (v := timeouts.get("call")) else default.call_s,
            lock_wait_s=v.duration(1, 3600) if (v := timeouts.get("lock_wait")) else default.lock_wait_s,
            life_ttl_s=v.duration(3, 3600) if (v := timeouts.get("life_ttl")) else default.life_ttl_s,
        ),
        parallel=parallel.integer(1, 500) if parallel else 50,
        sources=top.places() | dict(retention.place),
        keep_journal_s=retention.journal_s,
        rollback_floor=_floor(floor) if floor else "",
        freeze=read_freeze(top.get("freeze")),
    )
    upload.done()
    timeouts.done()
    top.done()
    return project


def _floor(value: Value) -> str:
    """A version that has an order: a name without one could never be passed."""
    text = value.text("a version")
    if Version.parse(text) is None:
        raise value.error(f"{text!r} is no semantic version", next_steps=("rollback_floor: v1.4.0",))
    return text


def _read_artifacts(section: Section) -> ArtifactSource:
    path_value = section.need("path", "write  path: dist/{version}/shop.exe")
    path = refuse_network_path(path_value)
    if "{version}" not in path:
        raise path_value.error(
            "needs {version} in it", next_steps=("write where each version lies: dist/{version}/shop.exe",)
        )
    left = path.replace("{version}", "")
    if "{" in left or "}" in left:
        raise path_value.error("only {version} can stand in braces")
    sha256 = section.get("sha256")
    manifest = section.get("manifest")
    dirty = section.get("allow_dirty")
    section.done()
    if sha256 is not None and manifest is not None:
        raise manifest.error("sha256 and manifest exclude one another: a manifest already names every hash")
    allow_dirty = dirty.boolean() if dirty else False
    if manifest is not None:
        return ArtifactSource(path, "manifest", manifest=refuse_network_path(manifest), allow_dirty=allow_dirty)
    if sha256 is not None:
        if sha256.text() == "none":
            return ArtifactSource(path, "none", allow_dirty=allow_dirty)
        return ArtifactSource(path, "file", sha256=refuse_network_path(sha256), allow_dirty=allow_dirty)
    return ArtifactSource(path, allow_dirty=allow_dirty)
