"""One login to one host over WSMan and PSRP. The only importer of pypsrp.

Decides: what an error on the way means for the caller (with ``faults.py``), when a shell may be ended, when a pool is
renewed. Must not: be used by two threads (sealed NTLM belongs to one connection), retry by itself, put a value into a
script's text, or let a foreign exception out.

Why so much is done by hand here (winrm.md 1.3): pypsrp's own retries replay a message under a dead sealing context,
its fault parsing drops quota numbers, and its timeouts never end a pipeline that a host forgot. So each request goes
through ``_Wire.send``, which sets the timeouts, forbids retries and keeps the raw answer of an error.

When a shell may be ended: a shell in which a changing script may still run is never deleted or signalled. The socket is
dropped; Windows ends the shell after its IdleTimeout, which is longer than the longest changing script.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import requests
import spnego.exceptions
import urllib3.exceptions
from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from pypsrp.host import PSHost
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.errors import (
    AnswerLost,
    Busy,
    HostError,
    LoginRefused,
    ProtocolRefused,
    Unreachable,
)
from fleetdeploy.hosts import client_certificate, faults, identify
from fleetdeploy.hosts.constant_text import ConstantText
from fleetdeploy.hosts.faults import Fault, Meaning
from fleetdeploy.hosts.session import Script, ScriptError, ScriptResult
from fleetdeploy.hosts.trust import PinnedAdapter, system_store
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret

RECYCLE_AFTER = 200
"""Pipelines after which a pool is renewed: Windows counts commands per shell and forgets none on some versions."""

POLL_S = 4
OPERATION_S = 30
SLACK_S = 20
"""How much longer than the host's own timeout an HTTP answer is waited for."""

DEFAULT_IDLE_S = 600

_WHY_PASSWORD = ("wrong password", "this kind of login is switched off on the host", "the account may not log in")
_WHY_CERTIFICATE = (
    "the host maps this certificate to no account, or keeps an old password of that account",
    "the certificate has expired, or its issuer is not trusted there",
    "login by certificate is switched off on the host (WSMan:\\localhost\\Service\\Auth\\Certificate)",
)

for _name in ("pypsrp", "spnego", "requests_credssp"):
    # At DEBUG and INFO these log whole messages, and with them scripts and secrets; at ERROR what is reported anyway.
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class _Host(PSHost):
    """Takes the exit code. Has no UI, so that a prompt fails on the host at once instead of waiting for ever."""

    def __init__(self) -> None:
        super().__init__(None, None, False, "fleetdeploy", None, None, "1.0")

    def run_method(self, method_identifier: Any, args: list[Any], runspace: Any, pipeline: Any = None) -> Any:
        if str(method_identifier) == "SetShouldExit":
            self.rc = int(args[0])
        return None


class _Wire:
    """Everything that is sent goes through here; ``fault`` is what the last error answer said, raw."""

    def __init__(self, wsman: WSMan, connect_s: float) -> None:
        self.fault: Fault | None = None
        self.until = float("inf")
        self._connect_s = connect_s
        self._original = wsman.transport.send
        wsman.transport.send = self.send  # type: ignore[method-assign]

    def send(self, message: bytes, *, retries_on_read_timeout: int = 0, timeout: Any = None) -> bytes:
        # A read timeout breaks the sealing, so it is never repeated on the same connection (argument ignored).
        self.fault = None
        asked = timeout if isinstance(timeout, (int, float)) else OPERATION_S
        left = max(1.0, self.until - time.monotonic())
        read = min(float(asked) + SLACK_S, left + SLACK_S)
        try:
            answer: bytes = self._original(message, retries_on_read_timeout=0, timeout=(self._connect_s, read))
        except WinRMTransportError as error:
            self.fault = faults.parse(error.response_text, error.code)
            raise
        return answer


class PsrpSession:
    """The one real ``Session``. Opens nothing before the first ``run``.

    Args:
        host: inventory name, for errors.
        connection: where and how.
        secret: the password; only its clear text goes to pypsrp.
        idle_timeout_s: after how long without a request Windows ends the shell; raised by itself for longer scripts.
        line: what an earlier session with this host has left behind; the next one is given the same.
    """

    def __init__(
        self,
        host: str,
        connection: Connection,
        secret: Secret | None,
        *,
        idle_timeout_s: int = DEFAULT_IDLE_S,
        line: identify.Line | None = None,
    ) -> None:
        self._name = host
        self._connection = connection
        self._secret = secret
        self._idle_timeout_s = idle_timeout_s
        self._line = line if line is not None else identify.Line()
        self._wsman: WSMan | None = None
        self._wire: _Wire | None = None
        self._pool: RunspacePool | None = None
        self._host = _Host()
        self._constant = ConstantText()
        self._commands = 0
        self._broken = False
        self._changing = False
        self._last = time.monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since the last call ended."""
        return time.monotonic() - self._last

    @property
    def may_be_changing(self) -> bool:
        """True if a changing script was sent whose end was not seen."""
        return self._changing

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        """See ``Session.run``."""
        until = time.monotonic() + deadline_s
        self._open(deadline_s, until)
        assert self._pool is not None  # noqa: S101 - for the type checker
        self._commands += 1
        self._host.rc = None
        self._constant.text = script.text
        shell = PowerShell(self._pool)
        shell.add_script(script.text, use_local_scope=True)
        shell.add_parameters({name: value for name, value in script.parameters.items() if value is not None})
        self._changing = script.changing
        self._guarded(script, "begin", lambda: shell.begin_invoke(_fed(feed)), shell)
        while shell.state == PSInvocationState.RUNNING:
            left = until - time.monotonic()
            if left <= 0:
                self._broken = True
                raise AnswerLost(f"{self._name}: {script.name} has not ended after {deadline_s:.0f} s", host=self._name)
            self._guarded(script, "receive", partial(shell.poll_invoke, timeout=max(1, min(POLL_S, int(left)))), shell)
        self._changing = False
        result = ScriptResult(
            output=tuple(str(item) for item in shell.output if item is not None),
            errors=tuple(_script_error(record) for record in shell.streams.error),
            failed=shell.state != PSInvocationState.COMPLETED,
            exit_code=self._host.rc,
        )
        try:
            # Terminate frees the shell's command counter; the script has ended, so this ends nothing.
            shell.close()
        except Exception:  # noqa: BLE001 - the answer is here; the session is renewed before the next call
            self._broken = True
        self._last = time.monotonic()
        return result

    def close(self) -> None:
        """See ``Session.close``."""
        pool, wsman, wire = self._pool, self._wsman, self._wire
        self._pool = self._wsman = self._wire = None
        if pool is not None and wire is not None and not self._broken and not self._changing:
            wire.until = time.monotonic()
            try:
                pool.close()
            except Exception:  # noqa: BLE001 - closing is a courtesy: the shell also ends by itself
                self._broken = True
        if wsman is not None:
            try:
                wsman.close()
            except Exception:  # noqa: BLE001 - a socket that does not close is gone anyway
                self._broken = True

    # -- opening ---------------------------------------------------------------------------------------------------

    def _open(self, deadline_s: float, until: float) -> None:
        needed = int(deadline_s) + 60
        if self._pool is not None and (
            self._broken or self._commands >= RECYCLE_AFTER or needed > self._idle_timeout_s
        ):
            self.close()
        if self._pool is not None and self._wire is not None:
            self._wire.until = until
            return
        self._broken = False
        self._commands = 0
        self._idle_timeout_s = max(self._idle_timeout_s, needed)
        self._is_anybody_there(until)
        opening = Script("open a session", "")
        self._wsman = self._connect()
        self._wire = _Wire(self._wsman, self._connection.connect_timeout_s)
        self._wire.until = until
        pool = RunspacePool(self._wsman, host=self._host, idle_timeout=self._idle_timeout_s)
        self._guarded(opening, "open", lambda: self._negotiate(pool, until), None)
        if pool.state != RunspacePoolState.OPENED:
            raise ProtocolRefused(f"{self._name}: the host refused a PowerShell session", host=self._name)
        self._pool = pool
        serializer = pool._serializer
        setattr(serializer, "_serialize_string", self._constant.around(serializer._serialize_string))  # noqa: B010

    def _is_anybody_there(self, until: float) -> None:
        """After a silence: one short question before the long wait of a login."""
        if not self._line.silent:
            return
        left = until - time.monotonic()
        why = identify.answers(self._connection, max(1.0, min(self._connection.connect_timeout_s, left)))
        if why:
            raise self._nobody(why)
        self._line.silent = False

    def _negotiate(self, pool: RunspacePool, until: float) -> None:
        """Open; a host that is slow to start wsmprovhost answers "operation timed out", which is no error yet."""
        while True:
            try:
                if pool.state == RunspacePoolState.BEFORE_OPEN:
                    pool.open()
                while pool.state == RunspacePoolState.NEGOTIATION_SENT:
                    pool._receive()
                return
            except WSManFaultError as error:
                slow = error.code == faults.OPERATION_TIMED_OUT and pool.state == RunspacePoolState.NEGOTIATION_SENT
                if not slow or time.monotonic() > until:
                    raise

    def _connect(self) -> WSMan:
        c = self._connection
        tls = c.transport == "https"
        if not tls and c.auth in ("basic", "certificate"):
            raise ProtocolRefused(f"{self._name}: {c.auth} over http would show the password", host=self._name)
        secret = None if self._secret is None else self._secret.reveal()
        login: Any = {"username": c.user or None, "password": secret}
        if c.auth == "certificate":
            certificate, key = client_certificate.files_of(self._name, c, self._secret)
            login = {"certificate_pem": certificate, "certificate_key_pem": key, "certificate_key_password": secret}
        wsman = WSMan(
            c.address,
            port=c.port,
            ssl=tls,
            auth=c.auth,
            encryption="auto" if tls else "always",
            no_proxy=True,
            connection_timeout=int(c.connect_timeout_s),
            read_timeout=OPERATION_S + SLACK_S,
            operation_timeout=OPERATION_S,
            reconnection_retries=0,
            **login,
        )
        session = wsman.transport._build_session()
        # Neither proxies, nor .netrc, nor a CA of the environment: what the inventory says is what is used.
        session.trust_env = False
        session.verify = c.ca_file if c.ca_file is not None else system_store()
        if c.fingerprint is not None:
            session.verify = False
            session.mount("https://", PinnedAdapter(c.fingerprint, login.get("certificate_key_password")))
        wsman.transport.session = session
        return wsman

    # -- errors ----------------------------------------------------------------------------------------------------

    def _guarded(self, script: Script, phase: str, call: Any, shell: PowerShell | None) -> None:
        """Run one step on the wire; whatever comes out of it becomes one of our kinds."""
        try:
            call()
        except HostError:
            raise
        except (WinRMError, requests.RequestException, spnego.exceptions.SpnegoError, OSError, ValueError) as error:
            fault = self._wire.fault if self._wire is not None else None
            if phase == "receive" and fault is not None and fault.meaning is Meaning.POLL_AGAIN:
                return
            self._broken = True
            self._line.silent = any(isinstance(cause, TimeoutError) for cause in faults.causes(error))
            # Between Command and its answer something may have begun; before it, nothing has.
            sent = phase == "receive" or (phase == "begin" and shell is not None and _was_sent(error, shell))
            if not sent:
                self._changing = False
            raise self._translated(error, fault, script, sent=sent) from error
        except Exception as error:
            # A library's own slip (a broken message, an assertion): the session cannot be trusted any more.
            self._broken = True
            raise AnswerLost(
                f"{self._name}: {script.name}: the answer made no sense ({type(error).__name__})", host=self._name
            ) from error

    def _translated(self, error: Exception, fault: Fault | None, script: Script, *, sent: bool) -> HostError:
        name = self._name
        if isinstance(error, AuthenticationError):
            return LoginRefused(
                f"{name}: login refused for {self._connection.login!r}",
                host=name,
                code=401,
                why=_WHY_CERTIFICATE if self._connection.auth == "certificate" else _WHY_PASSWORD,
                next_steps=(f"fleetdeploy doctor --limit {name}",),
            )
        if isinstance(error, requests.exceptions.SSLError):
            return ProtocolRefused(f"{name}: the certificate was not accepted: {faults.reason(error)}", host=name)
        if isinstance(error, (spnego.exceptions.SpnegoError, ValueError)) and not isinstance(
            error, requests.RequestException
        ):
            if sent:
                return AnswerLost(f"{name}: {script.name}: the connection broke ({faults.reason(error)})", host=name)
            return ProtocolRefused(f"{name}: the host and we found no common login: {faults.reason(error)}", host=name)
        if fault is not None:
            return self._from_fault(fault, script, sent=sent)
        if sent:
            return AnswerLost(f"{name}: no answer to {script.name}: {faults.reason(error)}", host=name)
        return self._nobody(faults.reason(error))

    def _nobody(self, why: str) -> Unreachable:
        where = f"{self._connection.address}:{self._connection.port}"
        return Unreachable(
            f"{self._name}: cannot be reached at {where}: {why}",
            host=self._name,
            next_steps=(f"fleetdeploy doctor --limit {self._name}",),
        )

    def _from_fault(self, fault: Fault, script: Script, *, sent: bool) -> HostError:
        name, meaning = self._name, fault.meaning
        said = fault.text or (f"HTTP {fault.status}" if fault.status else "no details")
        if meaning is Meaning.LOGIN and not sent:
            return LoginRefused(f"{name}: access denied: {said}", host=name, code=fault.code)
        if meaning in (Meaning.REFUSED, Meaning.TOO_BIG) and not sent:
            return ProtocolRefused(f"{name}: {script.name} was refused: {said}", host=name, code=fault.code)
        if meaning is Meaning.BUSY and not sent:
            return Busy(f"{name}: the host has no room now: {said}", host=name, code=fault.code)
        if sent or meaning is Meaning.POLL_AGAIN or meaning is Meaning.DOUBTFUL:
            return AnswerLost(f"{name}: no answer to {script.name}: {said}", host=name, code=fault.code)
        if meaning is Meaning.UNKNOWN and (fault.code is not None or fault.subcode):
            # A fault that no table knows: nothing began, and there is no reason to think that it would next time.
            return ProtocolRefused(f"{name}: {script.name} was refused: {said}", host=name, code=fault.code)
        return Unreachable(f"{name}: {script.name} did not begin: {said}", host=name, code=fault.code)


def _was_sent(error: Exception, shell: PowerShell) -> bool:
    """Whether the Command may have reached the host when ``begin_invoke`` failed.

    A fault to the Command itself means that it was not begun. A new connection that could not be made carried nothing.
    Everything else (reset, silence) may have come after the effect.
    """
    if shell.state == PSInvocationState.RUNNING:
        return True
    if isinstance(error, (AuthenticationError, requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)):
        return False
    if isinstance(error, (WSManFaultError, WinRMTransportError)):
        return isinstance(error, WSManFaultError) and error.code == faults.OPERATION_TIMED_OUT
    if isinstance(error, requests.exceptions.ConnectionError):
        return not any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in faults.causes(error))
    return not isinstance(error, spnego.exceptions.SpnegoError)


def _fed(items: Iterator[bytes | str] | None) -> Any:
    """A generator with at least one item, or None: pypsrp takes nothing else."""
    if items is None:
        return None
    first = next(items, None)
    if first is None:
        return None

    def feed() -> Iterator[list[bytes | str]]:
        yield [first]
        for item in items:
            yield [item]

    return feed()


def _script_error(record: Any) -> ScriptError:
    """An ErrorRecord, as far as it is there."""
    found = getattr(record, "invocation_script_line_number", None)
    info = getattr(record, "invocation_info", None)
    if found is None and info is not None:
        # Not "serialised" but sent as an object: depends on the server's version.
        found = {**info.adapted_properties, **info.extended_properties}.get("ScriptLineNumber")
    line = found if isinstance(found, int) else 0
    return ScriptError(error_id=str(getattr(record, "fq_error", "") or ""), message=str(record), line=line)
