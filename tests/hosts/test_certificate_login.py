"""Logging in with a client certificate: the product's sessions and doctor against a host that maps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fleetdeploy.app.login import origin
from fleetdeploy.errors import LoginRefused, ProtocolRefused
from fleetdeploy.hosts.doctor import diagnose, healthy
from fleetdeploy.hosts.psrp import PsrpSession
from fleetdeploy.hosts.session import Script
from fleetdeploy.lab.fleet import HostSpec, Lab
from fleetdeploy.lab.wsman.certificates import CertificateMapping
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import AppRef

APP = AppRef("shop", "Shop", "C:\\fd")
WHO = Script("who", "[CmdletBinding()] param() [Security.Principal.WindowsIdentity]::GetCurrent().Name")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start() as running:
        running.add(
            HostSpec(
                "web01",
                auth=("negotiate", "ntlm", "certificate"),
                accounts={"deploy": "x"},
                certificates=(CertificateMapping("deploy", "deploy@localhost"),),
            )
        )
        yield running


@pytest.fixture
def connection(lab: Lab, tmp_path: Path) -> Connection:
    host = lab.hosts["web01"]
    certificate, key = lab.authority.issue_client("deploy@localhost").write(tmp_path)
    ca = lab.write_ca(tmp_path / "ca.pem")
    return Connection(
        host.address,
        host.port_https,
        auth="certificate",
        ca_file=str(ca),
        certificate=str(certificate),
        certificate_key=str(key),
    )


def who(connection: Connection, secret: Secret | None = None) -> str:
    session = PsrpSession("web01", connection, secret)
    try:
        return session.run(WHO, deadline_s=30).output[0]
    finally:
        session.close()


def test_a_session_runs_as_the_mapped_account(connection: Connection) -> None:
    assert who(connection) == "WEB01\\deploy"
    findings = diagnose("web01", connection, None, APP)
    assert healthy(findings), findings
    assert next(f.detail for f in findings if f.layer == "login").startswith("WinRS answers as")


def test_the_key_may_have_a_passphrase_and_the_host_be_pinned(lab: Lab, connection: Connection, tmp_path: Path) -> None:
    certificate, key = lab.authority.issue_client("deploy@localhost", passphrase=b"sesame").write(tmp_path, "locked")
    locked = replace(connection, certificate=str(certificate), certificate_key=str(key))
    pinned = replace(locked, ca_file=None, fingerprint=lab.hosts["web01"].fingerprint_sha256)
    for where in (locked, pinned):
        assert who(where, Secret("sesame")) == "WEB01\\deploy"
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    assert who(replace(locked, certificate=str(both), certificate_key=None), Secret("sesame")) == "WEB01\\deploy"


def test_a_certificate_that_stands_for_nobody_is_a_refused_login(
    lab: Lab, connection: Connection, tmp_path: Path
) -> None:
    certificate, key = lab.authority.issue_client("nobody@localhost").write(tmp_path, "nobody")
    where = replace(connection, certificate=str(certificate), certificate_key=str(key))
    with pytest.raises(LoginRefused, match=r"login refused for 'the certificate .*nobody\.pem'") as refused:
        who(where)
    assert "maps this certificate to no account" in refused.value.why[0]
    finding = next(f for f in diagnose("web01", where, None, APP) if f.ok is False)
    assert (finding.layer, finding.refused) == ("login", True)


def test_files_that_cannot_be_used_are_told_before_a_host_is_asked(
    lab: Lab, connection: Connection, tmp_path: Path
) -> None:
    host = lab.hosts["web01"]
    before = len(host.effects.history)
    other = lab.authority.issue_client("deploy@localhost", passphrase=b"sesame").write(tmp_path, "other")
    (tmp_path / "text.pem").write_text("no certificate")
    cases = {
        "cannot be read: No such file": replace(connection, certificate=str(tmp_path / "missing.pem")),
        "do not belong together": replace(connection, certificate=str(other[0])),
        "passphrase": replace(connection, certificate=str(other[0]), certificate_key=str(other[1])),
        "no PEM certificate": replace(connection, certificate=str(tmp_path / "text.pem"), certificate_key=None),
    }
    for words, where in cases.items():
        with pytest.raises(LoginRefused, match=words) as refused:
            who(where, Secret("wrong-passphrase"))
        assert "not asked" in refused.value.what
        assert "wrong-passphrase" not in repr(refused.value)
    assert len(host.effects.history) == before


def test_doctor_says_what_a_host_offers_before_it_shows_a_password(lab: Lab, connection: Connection) -> None:
    host = lab.hosts["web01"]
    before = host.logons
    where = replace(connection, auth="basic", user=lab.user)
    findings = {f.layer: f for f in diagnose("web01", where, Secret(lab.password), APP)}
    assert findings["winrm"].detail == "answers, offers Negotiate"
    assert findings["login"].ok is False
    assert findings["login"].detail == "the host takes no login by basic: it offers Negotiate"
    assert "WSMan:" in findings["login"].next_step
    assert host.logons == before


def test_a_certificate_never_travels_without_tls(connection: Connection) -> None:
    with pytest.raises(ProtocolRefused, match="over http"):
        who(replace(connection, transport="http"))


def test_one_refused_certificate_stops_its_hosts_only(connection: Connection) -> None:
    other = replace(connection, certificate="other.pem")
    assert connection.credential_key != other.credential_key
    assert replace(connection, address="x").credential_key == connection.credential_key
    assert "certificate was shown" in origin(connection)
