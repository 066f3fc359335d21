"""Secrets are read from where the file says, and no error ever holds one."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest

from fleetdeploy.errors import UsageError
from fleetdeploy.inventory import resolve
from fleetdeploy.model.secret import SecretRef

PYTHON = f'"{sys.executable}"' if " " in sys.executable else sys.executable


def ref(text: str) -> SecretRef:
    return SecretRef.parse(text)


def test_each_kind(tmp_path: Path) -> None:
    assert resolve(ref("env:PW"), tmp_path, env={"PW": "geheim"}).reveal() == "geheim"
    (tmp_path / "pw").write_bytes(b"geheim \r\n")
    secret = resolve(ref("file:pw"), tmp_path)
    assert secret.reveal() == "geheim "
    assert secret.source == "file pw"
    assert resolve(ref(f"cmd:{PYTHON} -c 'print(\"$HOME;x\")'"), tmp_path).reveal() == "$HOME;x"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("env:NOPE", "NOPE is not set"),
        ("env:EMPTY", "is empty"),
        ("file:nope", "cannot be read"),
        ("file:two", "more than one line"),
        ("file:bytes", "not UTF-8"),
        ("file:big", "longer than"),
        ("cmd:/does/not/exist", "cannot be run"),
        ("cmd:'open", "a quote is not closed"),
        (f"cmd:{PYTHON} -c \"print('hun'+'ter2'); raise SystemExit(3)\"", "exit code 3"),
        (f"cmd:{PYTHON} -c \"import time; print('hun'+'ter2', flush=True); time.sleep(9)\"", "did not end"),
    ],
)
def test_no_error_holds_the_value(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "two").write_text("hunter2\nhunter2\n")
    (tmp_path / "bytes").write_bytes(b"hunter2\xff")
    (tmp_path / "big").write_bytes(b"hunter2" * 10_000)
    with pytest.raises(UsageError) as caught:
        resolve(ref(text), tmp_path, env={"EMPTY": ""}, timeout_s=1.0)
    assert words in str(caught.value)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in "".join(traceback.format_exception_only(error)) + repr(vars(error))
        assert not hasattr(error, "stdout")
        assert not hasattr(error, "object")
        error = error.__context__


def test_a_reference_never_repeats_what_is_no_reference() -> None:
    with pytest.raises(ValueError, match="never the secret") as caught:
        SecretRef.parse("hunter2")
    assert "hunter2" not in str(caught.value)
