"""Reads the secrets that files only name: ``env:NAME``, ``file:PATH``, ``cmd:COMMAND``.

No error, log line or exception held in another one may carry the value: problems are raised outside of ``except``
blocks, since the exceptions of ``subprocess`` and of decoding carry the data they failed on. Commands run without a
shell, so that quoting in a file is never code.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from fleetdeploy.errors import UsageError
from fleetdeploy.model.secret import Secret, SecretRef

MAX_BYTES = 64 * 1024


def resolve(
    ref: SecretRef, base_dir: Path | str, *, env: Mapping[str, str] | None = None, timeout_s: float = 30.0
) -> Secret:
    """Read one secret.

    Args:
        ref: where it is.
        base_dir: where relative paths of ``file:`` start and ``cmd:`` runs (the inventory's or project's folder).
        env: the environment, the process's own by default.
        timeout_s: for ``cmd:``.

    Raises:
        UsageError: it cannot be read, or it is empty.
    """
    environment = os.environ if env is None else env
    if ref.kind == "env":
        value = environment.get(ref.target)
        if value is None:
            raise UsageError(
                f"the environment variable {ref.target} is not set (secret {ref})",
                next_steps=(f"export {ref.target}=…   (or name another source: file:PATH, cmd:COMMAND)",),
            )
        return _checked(value, f"env {ref.target}", ref)
    if ref.kind == "file":
        return _checked(_decode(_read_file(ref, Path(base_dir)), ref), f"file {ref.target}", ref)
    return _checked(_decode(_run(ref, Path(base_dir), environment, timeout_s), ref), f"cmd {_program(ref)}", ref)


def _read_file(ref: SecretRef, base_dir: Path) -> bytes:
    path = base_dir / Path(ref.target).expanduser()
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as problem:
        raise UsageError(f"the secret file {path} cannot be read: {problem.strerror} (secret {ref})") from None


def _program(ref: SecretRef) -> str:
    try:
        words = shlex.split(ref.target)
    except ValueError:
        words = []
    if not words:
        raise UsageError(f"the command of secret {ref} is not readable: a quote is not closed, or it is empty")
    return words[0]


def _run(ref: SecretRef, base_dir: Path, environment: Mapping[str, str], timeout_s: float) -> bytes:
    program = _program(ref)
    trouble = ""
    output = b""
    try:
        done = subprocess.run(  # noqa: S603  the inventory names the command; no shell, so nothing is expanded
            shlex.split(ref.target),
            cwd=base_dir,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        output = done.stdout
        if done.returncode != 0:
            trouble = f"ended with exit code {done.returncode}"
    except subprocess.TimeoutExpired:
        trouble = f"did not end within {timeout_s:g} s"
    except (OSError, ValueError) as problem:
        trouble = f"cannot be run: {getattr(problem, 'strerror', None) or 'bad command'}"
    if trouble:
        raise UsageError(
            f"the command {program!r} that should print a secret {trouble}",
            next_steps=("run it by hand to see what it says: its output is never shown here",),
        )
    return output


def _decode(data: bytes, ref: SecretRef) -> str:
    """Text without one trailing newline."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"secret {ref} is longer than {MAX_BYTES} bytes: that is no password")
    text: str | None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise UsageError(f"secret {ref} is not UTF-8 text")
    if text.endswith("\n"):
        text = text[:-1].removesuffix("\r")
    return text


def _checked(value: str, source: str, ref: SecretRef) -> Secret:
    if not value:
        raise UsageError(f"secret {ref} is empty")
    if "\n" in value or "\x00" in value:
        raise UsageError(f"secret {ref} has more than one line")
    return Secret(value, source)
