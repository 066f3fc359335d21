"""The project: what ``fleetdeploy.yml`` says of one app, after defaults, environment and options were laid over it.

Values only. ``settings/`` reads and checks them; ``artifacts/`` follows ``ArtifactSource``; ``plan/`` and ``policy/``
get the parts they need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fleetdeploy.model.freeze import FreezeWindow
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.strategy import StrategySettings


@dataclass(frozen=True, slots=True)
class ArtifactSource:
    """Where the files of a version are, on the controller.

    Attributes:
        path: the exe, with ``{version}`` in it (``dist/{version}/shop.exe``), relative to the project directory.
        verify: where the expected SHA-256 stands. ``auto``: ``<exe>.sha256``, else ``SHA256SUMS`` beside the exe;
            ``file``: the file ``sha256``; ``manifest``: the file ``manifest``; ``none``: not verified, by choice.
        sha256: file with the exe's hash (a bare hash or ``sha256sum`` lines), may hold ``{version}``.
        manifest: ``sha256sum`` lines naming every file of the artifact, relative to the manifest's own folder.
        allow_dirty: deploy an exe that was built from a modified work tree (``vcs.modified=true``).
    """

    path: str
    verify: Literal["auto", "file", "manifest", "none"] = "auto"
    sha256: str | None = None
    manifest: str | None = None
    allow_dirty: bool = False


@dataclass(frozen=True, slots=True)
class UploadSettings:
    """How files travel: ``parallel`` hosts at a time."""

    parallel: int = 10


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Deadlines of single calls in seconds; those of the service itself stand in ``ServiceSpec``.

    Attributes:
        call_s: one verb that only looks or writes state.
        lock_wait_s: how long a changing verb waits for the host's locks.
        life_ttl_s: after this time without a sign of life a conductor counts as dead (renewed at a third of it).
    """

    call_s: float = 60.0
    lock_wait_s: float = 60.0
    life_ttl_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Project:
    """One app and how it is rolled out.

    Attributes:
        directory: absolute project directory; relative paths in the file start there.
        file: path of the ``fleetdeploy.yml`` it was read from.
        parallel: hosts worked on at the same time at most.
        freeze: when nothing may begin, on any fleet; a fleet may have windows of its own.
        rollback_floor: the version that made a one-way migration: behind it nothing goes back by itself; "" for none.
        keep_journal_s: how long the store keeps a rollout that ended; None: for ever.
        sources: dotted key → where its value comes from (``fleetdeploy.yml:12``, ``env FLEETDEPLOY_BATCH``,
            ``option --batch``); a key that is missing has its default.
    """

    app: ServiceSpec
    artifacts: ArtifactSource
    strategy: StrategySettings
    health: HealthSpec
    directory: str
    file: str
    upload: UploadSettings = UploadSettings()
    timeouts: Timeouts = Timeouts()
    parallel: int = 50
    keep_journal_s: float | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    freeze: tuple[FreezeWindow, ...] = ()
    rollback_floor: str = ""

    @property
    def budget(self) -> int:
        """Failures that are put up with."""
        return self.strategy.budget

    @property
    def retention(self) -> int:
        """Releases that are kept on a host besides those that a rollback needs."""
        return self.app.retention
