"""The scene of a failure: what a host had to show before it was put back, and what the conductor saw beside it.

Values only, read tolerantly: a scene that lies on a host may have been written by an older or newer fleetdeploy. What
it means is said by ``policy/explain.py``; what gathers it is ``templates/powershell/parts/scene.ps1.j2``. Log lines may
hold anything, secrets too: a scene is kept readable by its owner alone and shown only to who asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.model.codec import to_plain

Json = Mapping[str, Any]
SCM = "Service Control Manager"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One record of the Windows event log. ``inserts`` are in no language, ``message`` is in the host's."""

    at: str
    log: str
    provider: str
    id: int
    level: int
    inserts: tuple[str, ...] = ()
    message: str = ""

    @property
    def text(self) -> str:
        """For people: the message if the host could word it, else its inserts."""
        return " ".join((self.message or ", ".join(self.inserts)).split())


@dataclass(frozen=True, slots=True)
class LogTail:
    """The end of one log file; ``problem`` says why there is none, ``cut`` that there was more before it."""

    path: str
    size: int
    modified: str
    lines: tuple[str, ...]
    cut: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SceneProcess:
    """A process of the app (``ours``), or one that listens where the app wants to."""

    pid: int
    name: str
    image: str
    started: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens on a port that a check names."""

    port: int
    pid: int
    name: str


@dataclass(frozen=True, slots=True)
class SceneService:
    """The service as the SCM has it; ``exit_code`` is its Win32ExitCode (1066: look at the specific one)."""

    name: str
    display_name: str
    state: str
    pid: int
    started: str
    image_path: str
    exe: str
    exe_exists: bool
    running_image: str
    exit_code: int
    specific_exit_code: int
    account: str
    start_mode: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What one host had to show. ``free_bytes`` and ``free_memory_kb`` are -1 if they were not asked."""

    at: str
    rollout: str
    since: str
    service: SceneService | None
    events: tuple[LoggedEvent, ...] = field(default=(), repr=False)
    logs: tuple[LogTail, ...] = field(default=(), repr=False)
    processes: tuple[SceneProcess, ...] = ()
    listeners: tuple[Listener, ...] = ()
    free_bytes: int = -1
    free_memory_kb: int = -1
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain form; ``scene_from_json`` reads it back."""
        plain: dict[str, Any] = to_plain(self)
        return plain


@dataclass(frozen=True, slots=True)
class SceneRequest:
    """Which scene is wanted.

    Attributes:
        rollout: keeps it on the host under this id, as long as the host is not back; "" keeps nothing.
        logs: paths, or folders with a pattern in the last part, as they are on the host.
        ports: whose listeners are named.
        since_s: how far back the event log is read; 0: since this rollout began to change the host.
        brief: only service, events and logs (of a host that seems healthy).
    """

    rollout: str = ""
    logs: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    lines: int = 200
    since_s: float = 0.0
    brief: bool = False
    budget_s: float = 4.0


def scene_from_json(data: Json) -> Scene:
    """The scene whose plain form is ``data``; what is missing is empty, what is unknown is left out."""
    service = data.get("service")
    return Scene(
        at=_text(data, "at"),
        rollout=_text(data, "rollout"),
        since=_text(data, "since"),
        service=_service(service) if isinstance(service, Mapping) else None,
        events=tuple(_event(one) for one in _objects(data, "events")),
        logs=tuple(_tail(one) for one in _objects(data, "logs")),
        processes=tuple(
            SceneProcess(
                _number(one, "pid"),
                _text(one, "name"),
                _text(one, "image"),
                _text(one, "started"),
                bool(one.get("ours")),
            )
            for one in _objects(data, "processes")
        ),
        listeners=tuple(
            Listener(_number(one, "port"), _number(one, "pid"), _text(one, "name"))
            for one in _objects(data, "listeners")
        ),
        free_bytes=_number(data, "free_bytes", -1),
        free_memory_kb=_number(data, "free_memory_kb", -1),
        notes=_texts(data, "notes"),
    )


def _service(data: Json) -> SceneService:
    return SceneService(
        name=_text(data, "name"),
        display_name=_text(data, "display_name"),
        state=_text(data, "state"),
        pid=_number(data, "pid"),
        started=_text(data, "started"),
        image_path=_text(data, "image_path"),
        exe=_text(data, "exe"),
        exe_exists=bool(data.get("exe_exists", True)),
        running_image=_text(data, "running_image"),
        exit_code=_number(data, "exit_code"),
        specific_exit_code=_number(data, "specific_exit_code"),
        account=_text(data, "account"),
        start_mode=_text(data, "start_mode"),
    )


def _event(data: Json) -> LoggedEvent:
    return LoggedEvent(
        at=_text(data, "at"),
        log=_text(data, "log"),
        provider=_text(data, "provider"),
        id=_number(data, "id"),
        level=_number(data, "level"),
        inserts=_texts(data, "inserts"),
        message=_text(data, "message"),
    )


def _tail(data: Json) -> LogTail:
    return LogTail(
        path=_text(data, "path"),
        size=_number(data, "size"),
        modified=_text(data, "modified"),
        lines=_texts(data, "lines"),
        cut=bool(data.get("cut")),
        problem=_text(data, "problem"),
    )


def _text(data: Json, name: str) -> str:
    return _whole(str(data.get(name) or ""))


def _whole(text: str) -> str:
    """A log cut in the middle of a character, or full of zeros after a crash: nothing that no store could hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _number(data: Json, name: str, missing: int = 0) -> int:
    value = data.get(name)
    return int(value) if isinstance(value, (int, float)) else missing


def _texts(data: Json, name: str) -> tuple[str, ...]:
    value = data.get(name)
    return tuple(_whole(str(one)) for one in value) if isinstance(value, (list, tuple)) else ()


def _objects(data: Json, name: str) -> tuple[Json, ...]:
    value = data.get(name)
    return tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, (list, tuple)) else ()
