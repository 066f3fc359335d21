"""Which ways of logging on a host offers, and what happens to a client that insists on another."""

from __future__ import annotations

import http.client
import re
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.errors import UsageError
from fleetdeploy.lab.control import up
from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost
from fleetdeploy.lab.fleet_description import host_spec
from fleetdeploy.lab.wsman.inventory_xml import security_profiles
from tests.lab.wsman.doubles import EchoEngine, PlainHost

HOSTS = {
    "usual": ("negotiate", "ntlm", "basic"),
    "domain": ("negotiate", "kerberos", "ntlm"),
    "no-ntlm": ("negotiate", "kerberos"),
    "basic": ("basic",),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    specs = [HostSpec(name, auth=auth) for name, auth in HOSTS.items()]
    with Lab.start(specs, engine=EchoEngine(), machine=PlainHost) as running:
        yield running


def challenges(host: LabHost, *, tls: bool, authorization: str = "") -> list[str]:
    """What a request without, or with a refused, Authorization is answered."""
    if tls:
        trusting = ssl._create_unverified_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host.address, host.port_https, timeout=10, context=trusting
        )
    else:
        connection = http.client.HTTPConnection(host.address, host.port_http, timeout=10)
    headers = {"Content-Length": "0"} | ({"Authorization": authorization} if authorization else {})
    connection.request("POST", "/wsman", headers=headers)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (401, b"")
    connection.close()
    return answer.headers.get_all("WWW-Authenticate") or []


OFFERS = [
    ("usual", False, ["Negotiate"]),
    ("usual", True, ["Negotiate", 'Basic realm="WSMAN"']),
    ("domain", True, ["Negotiate", "Kerberos"]),
    ("no-ntlm", False, ["Negotiate", "Kerberos"]),
    ("basic", True, ['Basic realm="WSMAN"']),
    ("basic", False, []),
]


@pytest.mark.parametrize(("name", "tls", "offered"), OFFERS)
def test_the_headers_say_what_the_host_allows(lab: Lab, name: str, tls: bool, offered: list[str]) -> None:
    assert challenges(lab.hosts[name], tls=tls) == offered


CREDSSP = "CredSSP " + "FgMBAAEAAAA="


@pytest.mark.parametrize(
    ("name", "authorization"),
    [
        ("usual", CREDSSP),
        ("usual", "Kerberos YIIF"),
        ("domain", "Kerberos YIIF"),
        ("domain", "Basic ZmxlZXRhZG1pbjp4"),
        ("basic", "Negotiate TlRMTVNTUAABAAAA"),
        ("usual", "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"),
        ("usual", "Digest username=x"),
    ],
)
def test_who_insists_on_another_way_gets_the_list_and_no_logon(lab: Lab, name: str, authorization: str) -> None:
    host = lab.hosts[name]
    before = host.logons
    assert challenges(host, tls=True, authorization=authorization) == challenges(host, tls=True)
    assert host.logons == before


def client_of(lab: Lab, host: LabHost, **options: Any) -> WSMan:
    settings: dict[str, Any] = {"port": host.port_https, "username": lab.user, "password": lab.password}
    return WSMan(host.address, cert_validation=False, no_proxy=True, **(settings | options))


def run(client: WSMan) -> list[Any]:
    pool = RunspacePool(client)
    pool.open()
    with pool:
        return list(PowerShell(pool).add_script("say hello").invoke())


def test_ntlm_goes_on_where_kerberos_is_offered_too(lab: Lab) -> None:
    with client_of(lab, lab.hosts["domain"], auth="negotiate") as client:
        assert run(client) == ["hello"]


def test_a_host_that_restricts_ntlm_refuses_the_right_password(lab: Lab) -> None:
    host = lab.hosts["no-ntlm"]
    with client_of(lab, host, auth="ntlm") as client, pytest.raises(AuthenticationError):
        run(client)
    (attempt, refusal) = host.machine.refusals[-1]
    assert (attempt.user, refusal.status) == (lab.user, 0xC0000418)
    assert host.machine.accounts.get(lab.user).failures == 0


def test_a_client_that_finds_no_common_way_says_what_there_is(lab: Lab) -> None:
    with client_of(lab, lab.hosts["basic"], auth="negotiate") as client:
        with pytest.raises(AuthenticationError, match="Basic realm"):
            run(client)
        assert lab.hosts["basic"].logons == 0
    with client_of(lab, lab.hosts["basic"], auth="basic") as client:
        assert run(client) == ["hello"]


def test_the_hosts_configuration_says_the_same(lab: Lab) -> None:
    with client_of(lab, lab.hosts["domain"]) as client:
        found = client.get("http://schemas.microsoft.com/wbem/wsman/1/config")
    auth = {node.tag.rpartition("}")[2]: node.text for node in found.iter() if "Auth" not in node.tag}
    assert [auth[name] for name in ("Basic", "Kerberos", "Negotiate", "Certificate", "CredSSP")] == [
        "false",
        "true",
        "true",
        "false",
        "false",
    ]


def test_identify_names_the_security_profiles(lab: Lab) -> None:
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/'
        'identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
    )
    kind = {"Content-Type": "application/soap+xml;charset=UTF-8", "WSMANIDENTIFY": "unauthenticated"}
    told = {}
    for name, host in lab.hosts.items():
        connection = http.client.HTTPConnection(host.address, host.port_http, timeout=10)
        connection.request("POST", "/wsman", body=body, headers=kind)
        text = connection.getresponse().read().decode()
        connection.close()
        assert "OS: 0.0.0 SP: 0.0 Stack: 3.0" in text
        told[name] = re.findall(r"secprofile/([a-z/-]+)<", text)
    sealed = ["http/spnego-kerberos"]
    assert told == {"usual": sealed, "domain": sealed, "no-ntlm": sealed, "basic": []}
    assert [one.rpartition("secprofile/")[2] for one in security_profiles(("basic", "certificate"), tls=True)] == [
        "https/basic",
        "https/mutual",
    ]


def test_credssp_and_other_names_cannot_be_allowed() -> None:
    with pytest.raises(ValueError, match="credssp"):
        HostSpec("x", auth=("negotiate", "credssp"))


def test_a_broken_ntlm_message_is_no_logon(lab: Lab) -> None:
    host = lab.hosts["usual"]
    message = b"NTLMSSP\x00" + struct.pack("<I", 3) + b"\x00" * 8
    import base64

    before = host.logons
    challenges(host, tls=False, authorization="Negotiate " + base64.b64encode(message).decode())
    assert host.logons == before


def test_a_fleet_file_says_it_too(tmp_path: Path) -> None:
    assert host_spec({"name": "x", "auth": ["negotiate"]}).auth == ("negotiate",)
    with pytest.raises(UsageError, match=r"auth of the lab host x: .*credssp"):
        up(tmp_path, [{"name": "x", "auth": ["credssp"]}])
