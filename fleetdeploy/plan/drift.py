"""What was changed on a host since fleetdeploy last wrote down how it left it (pure).

The record is the host's own: the snapshot of the release that is active, or, after a way back, what was put back. So a
rollout's own work never looks like drift, and neither does what it left half done: that is resume's business, and
nothing is said of it. Whether a drifted host is left alone is decided in ``build.py``; file hashes come from the verb
``files``, which only ``fleetdeploy drift`` asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fleetdeploy.model.artifact import FileEntry, Manifest
from fleetdeploy.model.secret import MASK, looks_secret
from fleetdeploy.model.verbs import FilesResult, HostState, Observation, ReleaseRecord, RolloutRecord, Snapshot
from fleetdeploy.plan.diff import account_key, recovery_of, show_recovery

NONE = "(none)"
_USERINFO = re.compile(r"://[^/\s]*:[^/\s]*@")
_EXE = re.compile(r'"(?P<quoted>[^"]*)"?|(?P<bare>.*?\.exe)(?=\s|$)', re.IGNORECASE)
_SHOWN_FILES = 20
_SHOWN_KEYS = 4


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as recorded; both texts are ready to be shown (never a secret)."""

    key: str
    recorded: str
    found: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """How fleetdeploy left the host: ``release`` is the key in the host's ``releases``, "" for none.

    ``exists`` is false if the last thing that fleetdeploy did was to remove a service that it had installed itself.
    ``snapshot`` is None if only image and hash were written down.
    """

    exists: bool
    release: str
    image_path: str
    sha256: str
    snapshot: Snapshot | None


def baseline_of(state: HostState | None) -> Baseline | None:
    """The record to compare with; None if there is none, or a rollout is in the middle of its work."""
    if state is None:
        return None
    began = [r for r in state.rollouts if r.intent]
    if any(not r.done and not r.put_back for r in began if r.token == max(b.token for b in began)):
        return None  # half done
    settled = max((r.token for r in began if r.done and not r.put_back and not r.undoing), default=-1)
    if any(r.undoing and r.token > settled for r in began):
        return None  # half undone
    return _newest(state, began)


def _newest(state: HostState, began: list[RolloutRecord]) -> Baseline | None:
    """The newest rollout that left the host at what is active now, forward or by going back."""
    active = state.active
    for record in sorted(began, key=lambda r: r.token, reverse=True):
        if record.put_back:
            origin = record.origin
            if origin is None or (active and origin.release != active):
                continue
            if not origin.existed:
                return Baseline(False, "", "", "", None)
            return Baseline(True, origin.release, origin.image_path, origin.sha256, origin.snapshot)
        if record.done and active and record.to_release == active:
            return _of_release(state.releases.get(active), record)
    return _of_release(state.releases.get(active), None) if active else None


def _of_release(release: ReleaseRecord | None, record: RolloutRecord | None) -> Baseline | None:
    if release is None:
        return None
    image = release.image_path or (record.to_image_path if record else "")
    return Baseline(True, release.key, image, release.exe_sha256, release.snapshot)


def recorded_anything(state: HostState | None) -> bool:
    """Whether fleetdeploy ever changed this host."""
    return state is not None and (bool(state.active) or any(r.intent for r in state.rollouts))


def drift_of(observation: Observation) -> tuple[Difference, ...]:
    """What differs between the host as it is and its own record: configuration, exe, running image."""
    wanted = baseline_of(observation.state)
    service = observation.service
    if wanted is None:
        return ()
    if service is None:
        return (Difference("service", "installed", "absent"),) if wanted.exists else ()
    if not wanted.exists:
        return (Difference("service", "absent", "installed"),)
    out: list[Difference] = []
    now = service.snapshot
    if wanted.image_path and now.image_path != wanted.image_path:
        out.append(Difference("image_path", _path(wanted.image_path), _path(now.image_path)))
    elif wanted.sha256 and service.exe_sha256 != wanted.sha256:
        out.append(Difference("exe", _hash(wanted.sha256), _hash(service.exe_sha256) if service.exe_sha256 else "gone"))
    if service.running_image:
        # What the host made of it, as long as the text is the same: only the host can expand names and variables.
        exe = service.exe_path if now.image_path == wanted.image_path else exe_of(wanted.image_path)
        if exe and not any(c in exe for c in "%~") and not _same_file(service.running_image, exe):
            out.append(Difference("running image", exe, service.running_image))
        elif wanted.sha256 and service.running_sha256 and service.running_sha256 != wanted.sha256:
            out.append(Difference("running exe", _hash(wanted.sha256), _hash(service.running_sha256)))
    if wanted.snapshot is not None:
        out += _configuration(wanted.snapshot, now)
    return tuple(out)


def drift_words(observation: Observation, *, repair: bool = False) -> str:
    """What has drifted, in a few words for a plan's table; "" if nothing has.

    ``repair`` is asked to bring up what a person took down: that it is disabled is then no reason to leave it alone.
    """
    found = drift_of(observation)
    keys = [d.key for d in found if not (repair and d.key == "start_type" and d.found == "disabled")]
    more = f" and {len(keys) - _SHOWN_KEYS} more" if len(keys) > _SHOWN_KEYS else ""
    return ", ".join(keys[:_SHOWN_KEYS]) + more


def _configuration(was: Snapshot, now: Snapshot) -> list[Difference]:
    out: list[Difference] = []
    old, new = (_start(s) for s in (was, now))
    if old != new:
        out.append(Difference("start_type", old, new))
    old, new = (str(s.values.get("account") or "LocalSystem") for s in (was, now))
    if account_key(old) != account_key(new):
        out.append(Difference("account", old, new))
    before, after = (sorted(str(d) for d in s.values.get("dependencies") or ()) for s in (was, now))
    if [d.lower() for d in before] != [d.lower() for d in after]:
        out.append(Difference("dependencies", ", ".join(before) or NONE, ", ".join(after) or NONE))
    out += _environment(_block(was), _block(now))
    first, second = recovery_of(was), recovery_of(now)
    # Without actions there is no reset period worth the name.
    if first[1] != second[1] or (first[1] and first[0] != second[0]):
        out.append(Difference("recovery", show_recovery(*first), show_recovery(*second)))
    flags = tuple("true" if s.values.get("failure_flag") else "false" for s in (was, now))
    if flags[0] != flags[1]:
        out.append(Difference("recovery.on_non_crash", *flags))
    return out


def _environment(was: Mapping[str, tuple[str, str]], now: Mapping[str, tuple[str, str]]) -> list[Difference]:
    """By name, without regard to case, as Windows has it."""
    out = []
    for key in sorted({*was, *now}):
        old, new = was.get(key), now.get(key)
        if (old and old[1]) == (new and new[1]):
            continue
        name = (old or new or ("", ""))[0]
        shown = tuple("(not set)" if one is None else _value(name, one[1]) for one in (old, new))
        if shown[0] == shown[1]:
            shown = (shown[0], f"{shown[1]} (another one)")
        out.append(Difference(f"environment {name}", *shown))
    return out


def _block(snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    pairs = (str(entry).partition("=") for entry in snapshot.values.get("environment") or ())
    return {name.lower(): (name, value) for name, _, value in pairs}


def _value(name: str, value: str) -> str:
    if looks_secret(name) or looks_secret(value) or _USERINFO.search(value):
        return MASK
    return value or "(empty)"


def _start(snapshot: Snapshot) -> str:
    kind = str(snapshot.values.get("start_type") or "")
    return "delayed-auto" if kind == "auto" and snapshot.values.get("delayed") else kind


def exe_of(image_path: str) -> str:
    """The exe that an ImagePath names: what is quoted, else up to the first ``.exe``."""
    found = _EXE.match(image_path.strip())
    return (found["quoted"] or found["bare"] or "") if found else ""


def _same_file(left: str, right: str) -> bool:
    return left.replace("/", "\\").lower() == right.replace("/", "\\").lower()


def _path(image_path: str) -> str:
    """An ImagePath without arguments that look like a secret."""
    exe = exe_of(image_path)
    rest = image_path.partition(exe)[2] if exe else ""
    return f'"{exe}" ({MASK})' if looks_secret(rest) or _USERINFO.search(rest) else image_path


def _hash(sha256: str) -> str:
    return f"sha256 {sha256[:12]}…" if sha256 else NONE


# -- files of the active release ----------------------------------------------------------------------------------


def file_drift(recorded_sha256: str, found: FilesResult, manifest: Manifest | None) -> tuple[Difference, ...]:
    """What differs in the release folder. With the manifest at hand each file is named, else only that it differs.

    Args:
        recorded_sha256: the manifest's hash as the host recorded it; "" if the release was not staged by fleetdeploy.
        found: the folder as it is now.
        manifest: of the same version, if its hash is ``recorded_sha256``.
    """
    if not recorded_sha256:
        return ()
    if not found.exists:
        return (Difference("release folder", found.folder, "gone"),)
    if found.truncated:
        what = f"too much to be compared ({len(found.files)} files were read)"
        return (Difference("release folder", "as staged", what),)
    now = Manifest(tuple(sorted(found.files, key=lambda f: f.path)))
    if now.sha256 == recorded_sha256:
        return ()
    if manifest is None or manifest.sha256 != recorded_sha256:
        what = f"another one ({now.sha256[:12]}…, {len(now.files)} files)"
        return (Difference("release folder", f"manifest {recorded_sha256[:12]}…", what),)
    was = {f.path.lower(): f for f in manifest.files}
    have = {f.path.lower(): f for f in found.files}
    out = [one for key in sorted({*was, *have}) if (one := _file(was.get(key), have.get(key))) is not None]
    if len(out) > _SHOWN_FILES:
        rest = len(out) - _SHOWN_FILES
        out = [*out[:_SHOWN_FILES], Difference("files", "as staged", f"{rest} more differ")]
    return tuple(out)


def _file(was: FileEntry | None, now: FileEntry | None) -> Difference | None:
    if was is None and now is not None and now.sha256:
        return Difference(f"file {now.path}", "(not part of it)", _hash(now.sha256))
    if was is not None and now is None:
        return Difference(f"file {was.path}", _hash(was.sha256), "missing")
    if now is not None and not now.sha256:
        return Difference(f"file {now.path}", _hash(was.sha256) if was else "(not part of it)", "cannot be read")
    if was is not None and now is not None and was.sha256 != now.sha256:
        return Difference(f"file {was.path}", _hash(was.sha256), _hash(now.sha256))
    return None
