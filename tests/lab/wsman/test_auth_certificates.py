"""Logging on with a client certificate: real pypsrp and pywinrm, and every reason why a host does not take one."""

from __future__ import annotations

import contextlib
import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import winrm
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError

from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost
from fleetdeploy.lab.tls import ClientCertificate, LabAuthority
from fleetdeploy.lab.wsman.certificates import SCHEME, CertificateMapping, thumbprint
from tests.lab.wsman.doubles import EchoEngine

ALL = ("negotiate", "ntlm", "basic", "certificate")


@pytest.fixture(scope="module")
def stranger() -> LabAuthority:
    """Another authority, which the host trusts but has no mapping for."""
    return LabAuthority()


@pytest.fixture(scope="module")
def lab(stranger: LabAuthority) -> Iterator[Lab]:
    with Lab.start([HostSpec("closed")], engine=EchoEngine()) as running:
        mapping = CertificateMapping("deploy", "deploy@localhost", thumbprint(running.authority.certificate))
        running.add(
            HostSpec(
                "web01",
                auth=ALL,
                accounts={"deploy": "Pa55-of-deploy", "other": "x"},
                certificates=(
                    CertificateMapping("other", "off@localhost", enabled=False),
                    mapping,
                    CertificateMapping("other", "*@ops.example", thumbprint(running.authority.certificate)),
                    CertificateMapping("deploy", "old@localhost", password="Pa55-of-last-year"),
                ),
                client_roots=(stranger.pem,),
            )
        )
        yield running


@pytest.fixture
def host(lab: Lab) -> LabHost:
    return lab.hosts["web01"]


class Clients:
    """Clients of one host that log on with a certificate."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.ca: Any = str(lab.write_ca(folder / "ca.pem"))
        self.folder = folder

    def pypsrp(self, host: LabHost, shown: ClientCertificate, **options: Any) -> list[Any]:
        certificate, key = shown.write(self.folder)
        settings: dict[str, Any] = {"certificate_pem": str(certificate), "certificate_key_pem": str(key)}
        with WSMan(
            host.address,
            port=host.port_https,
            auth="certificate",
            cert_validation=self.ca,
            no_proxy=True,
            **(settings | options),
        ) as client:
            pool = RunspacePool(client)
            pool.open()
            with pool:
                return list(PowerShell(pool).add_script("say hello").invoke())

    def pywinrm(self, host: LabHost, shown: ClientCertificate) -> bytes:
        certificate, key = shown.write(self.folder)
        session = winrm.Session(
            f"https://{host.address}:{host.port_https}/wsman",
            auth=("", ""),
            transport="certificate",
            cert_pem=str(certificate),
            cert_key_pem=str(key),
            ca_trust_path=self.ca,
            proxy=None,
        )
        try:
            output: bytes = session.run_cmd("tool.exe", ["a", "b"]).std_out
            return output
        finally:
            if session.protocol.transport.session is not None:
                session.protocol.transport.session.close()


@pytest.fixture
def clients(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.setenv("NO_PROXY", "*")
    return Clients(lab, tmp_path)


def test_a_mapped_certificate_logs_on_as_its_local_account(lab: Lab, host: LabHost, clients: Clients) -> None:
    before = host.effects.count("logon", "deploy")
    assert clients.pypsrp(host, lab.authority.issue_client("DEPLOY@localhost")) == ["hello"]
    assert host.effects.count("logon", "deploy") == before + 1, "once for the connection, not for each request"
    assert clients.pywinrm(host, lab.authority.issue_client("deploy@localhost")).startswith(b"tool.exe a b")


def test_a_leading_star_stands_for_any_name(lab: Lab, host: LabHost, clients: Clients) -> None:
    assert clients.pypsrp(host, lab.authority.issue_client("eva@ops.example")) == ["hello"]
    assert host.effects.count("logon", "other") == 1


def test_a_key_with_a_passphrase_is_the_clients_affair(lab: Lab, host: LabHost, clients: Clients) -> None:
    shown = lab.authority.issue_client("deploy@localhost", passphrase=b"open sesame")
    assert b"ENCRYPTED" in shown.key_pem
    assert b"PRIVATE" not in repr(shown).encode()
    assert clients.pypsrp(host, shown, certificate_key_password="open sesame") == ["hello"]


YEAR = dt.timedelta(days=365)


REFUSED = ("unmapped", "disabled", "expired", "not yet", "another issuer", "unknown issuer", "old password")


@pytest.mark.parametrize("case", REFUSED)
def test_a_certificate_that_stands_for_nobody_is_a_401(
    lab: Lab, host: LabHost, clients: Clients, stranger: LabAuthority, case: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    issue = lab.authority.issue_client
    shown = {
        "unmapped": lambda: issue("nobody@localhost"),
        "disabled": lambda: issue("off@localhost"),
        "expired": lambda: issue("deploy@localhost", not_before=now - YEAR, not_after=now - dt.timedelta(hours=1)),
        "not yet": lambda: issue("deploy@localhost", not_before=now + dt.timedelta(hours=1), not_after=now + YEAR),
        "another issuer": lambda: stranger.issue_client("deploy@localhost"),
        "unknown issuer": lambda: LabAuthority().issue_client("deploy@localhost"),  # Windows finishes TLS with it
        "old password": lambda: issue("old@localhost"),
    }[case]()
    before = len(host.machine.eventlog.read("Security"))
    with pytest.raises(AuthenticationError):
        clients.pypsrp(host, shown)
    events = host.machine.eventlog.read("Security")[before:]
    told = [(event.properties[5], event.properties[9]) for event in events]
    assert told == ([("deploy", "0xc000006a")] if case == "old password" else [])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_shows_a_strangers_certificate(tmp_path: Path, stranger: LabAuthority, version: ssl.TLSVersion) -> None:
    ours, shown = LabAuthority(), stranger.issue_client("deploy@localhost")
    context = ssl.create_default_context(cadata=ours.pem.decode())
    context.maximum_version = version
    context.load_cert_chain(*shown.write(tmp_path))
    to_host, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_host, server_hostname="localhost")
    listener = ours.issue("localhost", client_roots=(ours.certificate,)).context
    host = listener.wrap_bio(to_host, to_client, server_side=True)
    for side in (client, host, client, host):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert host.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(shown.certificate_pem.decode())
    assert host.version() == version.name.replace("_", ".")


def test_pywinrm_calls_it_wrong_credentials(lab: Lab, host: LabHost, clients: Clients) -> None:
    with pytest.raises(InvalidCredentialsError):
        clients.pywinrm(host, lab.authority.issue_client("nobody@localhost"))


def test_the_hosts_own_clock_decides_about_the_time(lab: Lab, host: LabHost, clients: Clients) -> None:
    shown = lab.authority.issue_client("deploy@localhost")
    host.machine.clock.offset += dt.timedelta(days=2)
    try:
        with pytest.raises(AuthenticationError):
            clients.pypsrp(host, shown)
    finally:
        host.machine.clock.offset -= dt.timedelta(days=2)
    assert clients.pypsrp(host, shown) == ["hello"]


def test_the_accounts_state_counts_as_with_a_password(lab: Lab, host: LabHost, clients: Clients) -> None:
    account = host.machine.accounts.get("deploy")
    account.enabled = False
    try:
        with pytest.raises(AuthenticationError):
            clients.pypsrp(host, lab.authority.issue_client("deploy@localhost"))
    finally:
        account.enabled = True
    assert host.machine.eventlog.read("Security")[-1].properties[9] == "0xc0000072"


def test_a_host_that_does_not_allow_certificates_asks_for_another_way(lab: Lab, clients: Clients) -> None:
    closed = lab.hosts["closed"]
    with pytest.raises(AuthenticationError):
        clients.pypsrp(closed, lab.authority.issue_client("deploy@localhost"))
    assert closed.logons == 0


def test_the_header_alone_is_no_certificate(host: LabHost, clients: Clients) -> None:
    import requests

    url = f"https://{host.address}:{host.port_https}/wsman"
    with requests.post(url, headers={"Authorization": SCHEME}, verify=clients.ca, timeout=10) as answer:
        assert answer.status_code == 401
        assert "Negotiate" in answer.headers["WWW-Authenticate"]
    url = f"http://{host.address}:{host.port_http}/wsman"
    with requests.post(url, headers={"Authorization": SCHEME}, timeout=10) as answer:
        assert answer.status_code == 401


def test_other_ways_stay_open_beside_certificates(lab: Lab, host: LabHost, clients: Clients) -> None:
    with WSMan(
        host.address,
        port=host.port_https,
        username=lab.user,
        password=lab.password,
        auth="negotiate",
        cert_validation=clients.ca,
        no_proxy=True,
    ) as client:
        pool = RunspacePool(client)
        pool.open()
        pool.close()


def test_a_mapping_has_one_star_at_most() -> None:
    for subject in ("", "a*", "*a*"):
        with pytest.raises(ValueError, match="as its first character"):
            CertificateMapping("x", subject)
    assert "secret" not in repr(CertificateMapping("x", password="secret"))
