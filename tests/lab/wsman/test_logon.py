"""Logging on with unmodified clients: what is accepted, what is refused, what is counted."""

from __future__ import annotations

import http.client
import ssl as tls

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.powershell import PowerShell, RunspacePool

from fleetdeploy.lab.fleet import Lab, LabHost
from tests.lab.wsman.conftest import Connect


def run(client: object, script: str) -> list[object]:
    with RunspacePool(client) as pool, PowerShell(pool) as shell:
        shell.add_script(script)
        return list(shell.invoke())


@pytest.mark.parametrize(
    ("ssl", "auth"), [(False, "negotiate"), (False, "ntlm"), (True, "negotiate"), (True, "ntlm"), (True, "basic")]
)
def test_each_way_of_logging_on_runs_a_script(connect: Connect, host: LabHost, ssl: bool, auth: str) -> None:
    assert run(connect(ssl=ssl, auth=auth), "say hello") == ["hello"]
    assert host.effects.count("logon_failure") == 0
    assert host.logons >= 1


def test_sealed_http_logs_on_once_per_connection(connect: Connect, host: LabHost) -> None:
    client = connect()
    assert run(client, "say a") == ["a"]
    assert run(client, "say b") == ["b"]
    assert host.logons == 1


@pytest.mark.parametrize(("ssl", "auth"), [(False, "negotiate"), (True, "negotiate"), (True, "basic")])
def test_a_wrong_password_is_one_refused_attempt(connect: Connect, host: LabHost, ssl: bool, auth: str) -> None:
    with pytest.raises(AuthenticationError):
        run(connect(ssl=ssl, auth=auth, password="wrong"), "say never")
    assert host.effects.count("logon_failure") == 1
    assert host.effects.count("logon") == 0
    assert host.machine.accounts.get("fleetadmin").failures == 1


def test_an_unknown_account_is_refused(connect: Connect, host: LabHost) -> None:
    with pytest.raises(AuthenticationError):
        run(connect(username="nobody"), "say never")
    assert host.effects.count("logon_failure", "nobody") == 1


def test_a_locked_account_is_refused_whatever_it_says(connect: Connect, lab: Lab, host: LabHost) -> None:
    for _ in range(5):
        with pytest.raises(AuthenticationError):
            run(connect(password="wrong"), "say never")
    with pytest.raises(AuthenticationError):
        run(connect(), "say never")
    assert host.machine.accounts.locked(host.machine.accounts.get(lab.user))


def test_a_domain_prefix_of_the_host_is_accepted(connect: Connect, lab: Lab) -> None:
    assert run(connect(username=f"WEB01\\{lab.user}"), "say x") == ["x"]


def test_the_wrong_password_fault_refuses_a_good_one(connect: Connect, host: LabHost) -> None:
    host.faults.add("wrong-password")
    with pytest.raises(AuthenticationError):
        run(connect(), "say never")
    assert run(connect(), "say again") == ["again"]


def test_accounts_are_those_of_the_host_alone(connect: Connect, lab: Lab) -> None:
    other = lab.hosts["web02"]
    other.machine.accounts.add("second", "pw-second")
    with pytest.raises(AuthenticationError):
        run(connect(username="second", password="pw-second"), "say never")
    client = connect(username="second", password="pw-second")
    client.close()
    from pypsrp.wsman import WSMan

    with WSMan(other.address, ssl=False, username="second", password="pw-second", auth="negotiate") as mine:
        assert run(mine, "say mine") == ["mine"]


def test_basic_is_not_offered_without_tls(connect: Connect, host: LabHost) -> None:
    with pytest.raises((AuthenticationError, WinRMTransportError)):
        run(connect(auth="basic", encryption="never"), "say never")
    connection = http.client.HTTPConnection(host.address, host.port_http, timeout=5)
    connection.request("POST", "/wsman", headers={"Content-Length": "0"})
    answer = connection.getresponse()
    assert answer.status == 401
    assert answer.headers.get_all("WWW-Authenticate") == ["Negotiate"]
    connection.close()


def test_an_unsealed_body_over_http_is_refused(connect: Connect) -> None:
    with pytest.raises(WinRMTransportError):
        run(connect(encryption="never"), "say never")


def test_channel_binding_is_checked_when_the_client_sends_it(connect: Connect) -> None:
    with pytest.raises(AuthenticationError):
        run(connect(ssl=True, negotiate_send_cbt=False), "say never")


def test_certificates_are_the_labs_own_and_name_the_host(connect: Connect, lab: Lab, host: LabHost) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        run(connect(ssl=True, cert_validation=True), "say never")
    pem = tls.get_server_certificate((host.address, host.port_https))
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(pem.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["web01", "localhost"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == [host.address]
    assert lab.authority.fingerprint(tls.PEM_cert_to_DER_cert(pem)) == host.fingerprint_sha256


def test_passwords_are_in_no_repr(lab: Lab, host: LabHost) -> None:
    assert lab.password not in repr(lab.hosts) + repr(host) + repr(host.machine.accounts.get(lab.user))
