"""The host verbs, typed (design.md section 4, protocol.md). The only door through which a host is changed.

Each verb renders one constant script, sends its request as parameters and parses the one JSON object that comes back.
It decides nothing: what to ask, and what an answer means for the fleet, is the conductor's business. The rules of
protocol.md are checked on the host, under its lock, not here. An object belongs to the one thread that works on its
host. Look next at ``requests.py`` and ``answers.py`` (the wire), ``transfer.py`` (upload), ``psrp.py`` (the session).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fleetdeploy.hosts import answers, requests, transfer
from fleetdeploy.hosts.retrying import with_retries
from fleetdeploy.hosts.scripts import ScriptLibrary, shared_library
from fleetdeploy.hosts.session import Script, Session, SessionFactory
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.marks import ReleaseMark
from fleetdeploy.model.readiness import ReadyRequest, ReadyResult
from fleetdeploy.model.scene import Scene, SceneRequest
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import (
    ActivateRequest,
    ActivateResult,
    AppRef,
    Claim,
    CloseRequest,
    Direction,
    FilesResult,
    Observation,
    OpenRequest,
    OpenResult,
    ProbeRequest,
    ProbeResult,
    PruneResult,
    StageResult,
    TurnResult,
)

IDLE_CLOSE_S = 60.0
"""A warm session that was idle for longer is replaced before the next call (http.sys drops it at 120 s)."""

_CALL_S = 60.0
"""How long a verb that waits for nothing may take, lock wait not counted."""

_MAX_FILES, _MAX_BYTES = 5000, 4 * 1024**3
"""More than that in a release folder is not hashed."""

_LOCK_S = 30.0
"""How long a verb waits for the app's lock on the host."""

Progress = Callable[[int, int], None]
"""Called with (bytes sent, bytes to send) while a release is uploaded."""


class HostVerbs:
    """What can be asked of one host.

    Args:
        host: inventory name, for messages and errors.
        session_factory: opens a fresh session; called again after each transport error.
        app: which app on the host. An empty ``service`` or ``root`` is looked up in the host's own index.
        library: the scripts; the shipped ones if not given.
    """

    def __init__(
        self,
        host: str,
        session_factory: SessionFactory,
        app: AppRef,
        *,
        library: ScriptLibrary | None = None,
        attempts: int = 3,
    ) -> None:
        self.host = host
        self.app = app
        self._factory = session_factory
        self._library = library if library is not None else shared_library()
        self._attempts = attempts
        self._session: Session | None = None

    # -- looking ---------------------------------------------------------------------------------------------------

    def observe(self, *, deadline_s: float = _CALL_S) -> Observation:
        """The host as it is now. Takes no lock, changes nothing, may be repeated at will."""
        return answers.observation(self.host, self._call("observe", {}, deadline_s=deadline_s))

    def probe(self, request: ProbeRequest) -> ProbeResult:
        """Samples for a window, in one call. Times are turned into this process's monotonic clock."""
        slack = 15.0 + sum(check.timeout_s for check in request.checks)
        data = self._call("probe", requests.probe(request), deadline_s=request.window_s + slack)
        compares = frozenset(check.name for check in request.checks if check.compares_target)
        return answers.probe(data, ended_at=time.monotonic(), compares=compares)

    def files(self, release: str) -> FilesResult:
        """The files of a release's folder with their hashes. Takes no lock, changes nothing; bounded."""
        request = {"release": release, "max_files": _MAX_FILES, "max_bytes": _MAX_BYTES, "max_ms": int(_CALL_S * 1000)}
        return answers.files(self._call("files", request, deadline_s=2 * _CALL_S))

    def scene(self, request: SceneRequest, *, deadline_s: float = 10.0) -> Scene | None:
        """What is to be seen of a failure, before it is undone; kept on the host, too. Asked once, and not for long:
        the way back waits for it."""
        data = self._call("scene", requests.scene(request), deadline_s=deadline_s, attempts=1)
        return answers.scene(data.get("scene"))

    def stored_scene(self, rollout: str, *, deadline_s: float = _CALL_S) -> Scene | None:
        """The scene that this host kept of a rollout, None if it has none."""
        data = self._call("scene", {"rollout": rollout, "stored": True}, deadline_s=deadline_s)
        return answers.stored_scene(str(data.get("stored") or ""))

    def logs(self, request: SceneRequest, *, deadline_s: float = _CALL_S) -> Scene | None:
        """Events, log ends and processes as they are now. Keeps nothing."""
        return answers.scene(self._call("logs", requests.scene(request), deadline_s=deadline_s).get("scene"))

    # -- changing --------------------------------------------------------------------------------------------------

    def open(self, request: OpenRequest) -> OpenResult:
        """Ask the host to be part of a rollout (rules 1 to 5). The same request twice gives the same token."""
        data = self._call("open", requests.open_(request, _LOCK_S), changing=True)
        return answers.opened(self.host, data)

    def turn(self, claim: Claim, *, mark: str = "bad", direction: Direction = "back") -> TurnResult:
        """Direction back, a new token, the release marked (rule 9). Repeating with the old token is safe.

        ``direction`` forward is for another try of a host that went back alone: only where it stands as it was.
        """
        request = {"claim": requests.claim(claim), "mark": mark, "direction": direction, **_lock()}
        data = self._call("turn", request, changing=True)
        return TurnResult(token=int(data["token"]))

    def stage(self, claim: Claim, artifact: Artifact, *, progress: Progress | None = None) -> StageResult:
        """Put a release on the host, changing nothing that runs. Not a byte is sent if the host has it."""

        def call(
            name: str, request: Mapping[str, Any], chunks: Iterator[bytes | str] | None, deadline_s: float
        ) -> dict[str, Any]:
            return self._call(name, request, feed=chunks, changing=True, deadline_s=deadline_s)

        return transfer.stage(call, claim, artifact, host=self.host, lock_wait_s=_LOCK_S, progress=progress)

    def activate(
        self,
        request: ActivateRequest,
        *,
        password: Secret | None = None,
        previous_password: Secret | None = None,
    ) -> ActivateResult:
        """Stop, switch, start; or put back. One script that always ends in one of ``ActivateOutcome``.

        Args:
            request: what to switch to, and what the plan found.
            password: of the account in ``request.spec``, if it has one and it changes.
            previous_password: of the account that the host has now, if it has to be put back.
        """
        worst = 2 * (request.stop_timeout_s + request.start_timeout_s + request.settle_s)
        data = self._call(
            "activate",
            requests.activate(request),
            feed=requests.passwords(password, previous_password),
            changing=True,
            deadline_s=_CALL_S + 2 * request.lock_wait_s + worst,
        )
        return answers.activated(data)

    def ready(self, request: ReadyRequest) -> ReadyResult:
        """Can this host prove its way back? Records what it has; stops and starts nothing, may be repeated."""
        wait = request.lock_wait_s + _CALL_S
        return answers.ready(self._call("ready", requests.ready(request), changing=True, deadline_s=wait))

    def mark(self, mark: ReleaseMark) -> bool:
        """What is held of a version, without a rollout; False if the host has nothing of the app.

        Raises:
            ScriptFailed: a rollout is open there (``error_id`` is "occupied").
        """
        return bool(self._call("mark", requests.mark(mark, _LOCK_S), changing=True)["known"])

    def beat(self, claim: Claim, *, running: bool = True, last: bool = False) -> None:
        """Renew the sign of life (rule 14); ``running`` also ends the phase ``opening``.

        ``last`` takes it away instead: this conductor leaves and the rollout stays open, so whoever goes on with it
        need not wait until the sign of life has run out. Another one is never tried twice: the next is due soon, and
        whatever this host is to do waits behind it.
        """
        request = {"claim": requests.claim(claim), "running": running, "last": last}
        self._call("beat", request, changing=True, attempts=None if last else 1)

    def prune(self, claim: Claim, keep: int) -> PruneResult:
        """Remove releases that nothing needs (rule 18): what to keep is computed on the host, under its lock."""
        request = {"claim": requests.claim(claim), "keep": keep, **_lock()}
        return answers.pruned(self._call("prune", request, changing=True, deadline_s=2 * _CALL_S + _LOCK_S))

    def close(self, request: CloseRequest) -> str:
        """End a rollout on the host (rule 6). Returns the outcome that stands there; repeating is safe."""
        data = self._call("close", requests.close(request, _LOCK_S), changing=True)
        return str(data["outcome"])

    # -- the session -----------------------------------------------------------------------------------------------

    def disconnect(self) -> None:
        """Close the warm session, if there is one. Never raises."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def close_if_idle(self) -> None:
        """Close a session that was idle for longer than ``IDLE_CLOSE_S``, unless a changing verb may run in it."""
        if self._session is not None and self._session.idle_s > IDLE_CLOSE_S and not self._session.may_be_changing:
            self.disconnect()

    def rendered(self, verb: str) -> str:
        """The text that would run on the host: the same for every host."""
        return self._library.text(verb)

    def _call(
        self,
        name: str,
        request: Mapping[str, Any],
        *,
        feed: Iterator[bytes | str] | None = None,
        changing: bool = False,
        deadline_s: float = _CALL_S + _LOCK_S,
        attempts: int | None = None,
    ) -> dict[str, Any]:
        def once() -> dict[str, Any]:
            nonce = secrets.token_hex(8)
            parameters = requests.parameters(self.app, nonce, request)
            script = Script(name, self._library.text(name), parameters, changing)
            session = self._ready()
            try:
                result = session.run(script, feed=feed, deadline_s=deadline_s)
            except BaseException:
                # After any error on the way the session is in doubt: sealing is per connection (winrm.md 1.3).
                self._session = None
                session.close()
                raise
            return answers.unwrap(self.host, name, nonce, result)

        # Input is consumed by the first attempt, so only a call without input may be sent again from here.
        tries = (attempts or self._attempts) if feed is None else 1
        return with_retries(once, attempts=tries, changing=changing, within_s=deadline_s)

    def _ready(self) -> Session:
        self.close_if_idle()
        if self._session is None:
            self._session = self._factory()
        return self._session


def _lock() -> dict[str, float]:
    return {"lock_wait_s": _LOCK_S}
