"""May this artifact run on these hosts? Pure: the exe's build info against what the hosts said of themselves.

Returns problems instead of raising, so that ``plan`` can show all of them at once; any problem refuses the rollout
(exit 6) before a host is touched. A host that did not say its build or architecture is not judged on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.version import is_safe_component

# Oldest Windows build that a Go release supports; newest rule first (Go release notes).
GO_FLOORS: tuple[tuple[tuple[int, int], int, str], ...] = (
    ((1, 21), 14393, "Windows Server 2016"),
    ((1, 11), 7600, "Windows Server 2008 R2"),
)
_ARCHES = {
    "amd64": "amd64",
    "x64": "amd64",
    "x86_64": "amd64",
    "64-bit": "amd64",
    "x86": "386",
    "386": "386",
    "i386": "386",
    "32-bit": "386",
    "arm64": "arm64",
    "aarch64": "arm64",
    "arm 64-bit": "arm64",
}
# What else a host of an architecture runs: 32-bit programs through WOW64.
_ALSO_RUNS = {"amd64": frozenset({"386"})}
Kind = Literal["architecture", "windows-too-old", "dirty", "unsafe-version", "different-hash"]


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a host said of itself. ``releases`` is version → manifest hash of what it has (state.json)."""

    name: str
    os_build: int = 0
    arch: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to refuse. ``hosts`` is empty if it is the artifact alone."""

    kind: Kind
    what: str
    hosts: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


def check(artifact: Artifact, hosts: Iterable[HostFacts], *, allow_dirty: bool = False) -> tuple[Problem, ...]:
    """Everything that speaks against running this artifact on these hosts.

    Args:
        artifact: resolved and verified.
        hosts: facts of each host in scope.
        allow_dirty: accept ``vcs.modified=true``.
    """
    facts = tuple(hosts)
    problems = [*_artifact_alone(artifact, allow_dirty), *_architecture(artifact, facts), *_windows(artifact, facts)]
    wrong = [
        host
        for host in facts
        if host.releases.get(artifact.version, artifact.manifest.sha256) != artifact.manifest.sha256
    ]
    if wrong:
        seen = sorted({host.releases[artifact.version][:8] for host in wrong})
        problems.append(
            Problem(
                "different-hash",
                f"{artifact.version} is known with another hash ({', '.join(seen)}; this one is "
                f"{artifact.manifest.sha256[:8]}) on {_names(wrong)}",
                _all(wrong),
                why=("a version was built twice, or somebody changed its files: one name must mean one thing",),
                next_steps=("deploy the original files, or give this build a version of its own",),
            )
        )
    return tuple(problems)


def normalise_arch(text: str) -> str:
    """``AMD64``, ``x64``, ``64-bit`` → ``amd64``; empty if it is not known."""
    return _ARCHES.get(text.strip().lower(), "")


def go_release(text: str) -> tuple[int, int] | None:
    """``go1.22.3``, ``go1.21rc2``, ``devel go1.24-abc`` → (1, 22); None if it is none of these."""
    found = re.search(r"\bgo(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _artifact_alone(artifact: Artifact, allow_dirty: bool) -> list[Problem]:
    problems: list[Problem] = []
    if not is_safe_component(artifact.version):
        problems.append(Problem("unsafe-version", f"{artifact.version!r} cannot be a folder name on a host"))
    if artifact.build.vcs_modified and not allow_dirty:
        revision = artifact.build.settings.get("vcs.revision", "")
        at = f" at revision {revision[:12]}" if revision else ""
        problems.append(
            Problem(
                "dirty",
                f"{artifact.version} was built from a modified work tree{at} (vcs.modified=true)",
                why=("nobody can build it again: what runs is in no commit",),
                next_steps=(
                    "build it from a clean checkout",
                    "or allow it: --allow-dirty (artifacts.allow_dirty: true)",
                ),
            )
        )
    return problems


def _architecture(artifact: Artifact, hosts: Sequence[HostFacts]) -> list[Problem]:
    machine = artifact.build.machine
    by_arch: dict[str, list[HostFacts]] = {}
    for host in hosts:
        arch = normalise_arch(host.arch)
        if arch and machine != arch and machine not in _ALSO_RUNS.get(arch, frozenset()):
            by_arch.setdefault(arch, []).append(host)
    return [
        Problem(
            "architecture",
            f"{artifact.exe} is built for {machine}, but {_names(wrong)} {'is' if len(wrong) == 1 else 'are'} {arch}",
            _all(wrong),
            next_steps=(f"build it with GOARCH={arch}",),
        )
        for arch, wrong in by_arch.items()
    ]


def _windows(artifact: Artifact, hosts: Sequence[HostFacts]) -> list[Problem]:
    release = go_release(artifact.build.go_version)
    if release is None:
        return []
    for since, build, name in GO_FLOORS:
        if release >= since:
            old = [host for host in hosts if 0 < host.os_build < build]
            if not old:
                return []
            builds = ", ".join(str(number) for number in sorted({host.os_build for host in old}))
            return [
                Problem(
                    "windows-too-old",
                    f"{artifact.exe} is built with {artifact.build.go_version}, which needs {name} (build {build}) or "
                    f"newer; {_names(old)}: build {builds}",
                    _all(old),
                    why=("it would die before main and look like error 1053 or 1067",),
                    next_steps=("build it with Go 1.20, or leave these hosts out: --limit",),
                )
            ]
    return []


def _all(hosts: Sequence[HostFacts]) -> tuple[str, ...]:
    return tuple(host.name for host in hosts)


def _names(hosts: Sequence[HostFacts]) -> str:
    names = [host.name for host in hosts]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
