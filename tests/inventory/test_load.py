"""Inventory files: precedence, groups, and errors that name file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.errors import ConfigError
from fleetdeploy.inventory import load_inventory, read_inventory

LOGIN = "defaults: {connection: {user: deploy, secret: env:PW}}\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prod.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_precedence_is_defaults_outer_inner_host(tmp_path: Path) -> None:
    fleet = load_inventory(
        write(
            tmp_path,
            """
fleet: shop-prod
defaults:
  connection: {user: deploy, secret: "env:PW", port: 1, address: "{name}.example"}
  labels: {who: defaults, a: defaults}
  vars: {n: 1, f: 1.5, b: true, s: "08"}
groups:
  web: {connection: {port: 3}, labels: {who: inner, b: inner}}   # written before its outer group
  eu: {groups: [web], connection: {port: 2}, labels: {who: outer, b: outer, c: outer}, zone: z1}
hosts:
  web[01:03]: {groups: [web]}
  web04: {groups: web, connection: {port: 4}, labels: {who: host}, zone: z2}
  db01: {groups: [eu]}
""",
        )
    )
    assert fleet.name == "shop-prod"
    assert fleet.names() == ("web01", "web02", "web03", "web04", "db01")
    web01, web04, db01 = fleet.host("WEB01"), fleet.host("web04"), fleet.host("db01")
    assert (web01.connection.port, web04.connection.port, db01.connection.port) == (3, 4, 2)
    assert web01.groups == ("eu", "web")
    assert dict(web01.labels) == {"who": "inner", "a": "defaults", "b": "inner", "c": "outer"}
    assert web04.labels["who"] == "host"
    assert (web01.zone, web04.zone) == ("z1", "z2")
    assert dict(web01.vars) == {"n": 1, "f": 1.5, "b": True, "s": "08"}
    assert web01.connection.address == "web01.example"
    assert str(web01.connection.secret) == "env:PW"


def test_a_certificate_is_a_login_without_account(tmp_path: Path) -> None:
    text = """
defaults: {connection: {auth: certificate, certificate: pki/me.pem, certificate_key: /keys/me.key}}
hosts:
  a: {}
  b: {connection: {auth: ntlm, user: eva, secret: "env:PW"}}
"""
    inventory = read_inventory(write(tmp_path, text))
    a, b = (host.connection for host in inventory.fleet.hosts)
    assert (a.certificate, a.certificate_key) == (str(tmp_path / "pki/me.pem"), str(Path("/keys/me.key")))
    assert (a.user, a.secret, a.login) == ("", None, f"the certificate {tmp_path / 'pki/me.pem'}")
    assert (b.certificate, b.certificate_key, b.login) == (None, None, "eva")
    shown = {row.key: row.shown for row in inventory.values["a"]}
    assert shown["connection.certificate"] == str(tmp_path / "pki/me.pem")


def test_connection_defaults_and_paths(tmp_path: Path) -> None:
    pin = ":".join(["AB"] * 32)
    fleet = load_inventory(
        write(
            tmp_path,
            LOGIN.replace("env:PW", "env:PW, ca_file: pki/ca.pem")
            + f"""
hosts:
  a: {{connection: {{fingerprint: "{pin}", connect_timeout: 3s}}}}
  b: {{connection: {{transport: http}}}}
""",
        )
    )
    a, b = (host.connection for host in fleet.hosts)
    assert (a.transport, a.port, a.auth, a.fingerprint, a.connect_timeout_s) == (
        "https",
        5986,
        "negotiate",
        "ab" * 32,
        3.0,
    )
    assert a.ca_file == str(tmp_path.resolve() / "pki/ca.pem")
    assert (b.transport, b.port, b.ca_file) == ("http", 5985, None)


def test_values_say_where_they_come_from(tmp_path: Path) -> None:
    path = write(
        tmp_path, LOGIN + "groups:\n  web:\n    vars: {db_password: hunter2, port: 80}\nhosts:\n  a: {groups: [web]}\n"
    )
    rows = {row.key: row for row in read_inventory(path).values["a"]}
    assert rows["connection.user"].source == f"{path}:1 (defaults)"
    assert rows["vars.port"].source == f"{path}:4 (group web)"
    assert rows["connection.port"].source == "default"
    assert rows["vars.db_password"].shown == "********"


@pytest.mark.parametrize(
    ("text", "line", "words", "hint"),
    [
        ("hosts:\n  a: {}\n  b: {}\n  A: {}\n", 4, "twice", ""),
        (LOGIN + "hosts:\n  web[1:3]: {}\n  web2: {}\n", 4, "host web2 is there twice", ""),
        (LOGIN + "hosts:\n  a:\n    groups: [wbe]\ngroups: {web: {}}\n", 4, "unknown group 'wbe'", "did you mean web?"),
        (LOGIN + "hosts: {a: {}}\ngroups:\n  web:\n    groups: [ue]\n", 5, "unknown group 'ue'", ""),
        (LOGIN + "hosts: {a: {}}\ngroups:\n  web: {hosts: [b]}\n", 4, "unknown host 'b'", ""),
        (
            LOGIN + "hosts: {a: {}}\ngroups:\n  x: {groups: [y]}\n  y: {groups: [z]}\n  z: {groups: [y]}\n",
            5,
            "y → z → y",
            "",
        ),
        (LOGIN + "hosts:\n  a:\n    conection: {}\n", 4, "unknown key 'conection'", "did you mean connection?"),
        (LOGIN + "hosts:\n  a:\n    connection:\n      prot: 1\n", 5, "unknown key 'prot'", "did you mean port?"),
        (LOGIN + "hsots: {}\nhosts: {a: {}}\n", 2, "unknown key 'hsots'", "did you mean hosts?"),
        (LOGIN + "groups: {}\n", 1, "hosts is missing", ""),
        (LOGIN + "hosts:\n  a: {connection: {transport: http, auth: basic}}\n", 3, "in the clear", "https"),
        (LOGIN + "hosts:\n  a: {connection: {port: 70000}}\n", 3, "not within", ""),
        (LOGIN + "hosts:\n  a: {connection: {port: http}}\n", 3, "no whole number", ""),
        (LOGIN + "hosts:\n  a: {connection: {auth: kerberso}}\n", 3, "not one of", "did you mean kerberos?"),
        (LOGIN + "hosts:\n  a: {connection: {auth: certificate}}\n", 3, "no connection.certificate", "certificate_key"),
        (
            LOGIN + "hosts:\n  a: {connection: {auth: certificate, transport: http, certificate: x}}\n",
            3,
            "over TLS only",
            "https",
        ),
        (LOGIN + "hosts:\n  a: {connection: {fingerprint: abc}}\n", 3, "fingerprint", ""),
        (LOGIN + "hosts:\n  'a/b': {}\n", 3, "no host name", ""),
        (LOGIN + "hosts:\n  web[3:1]: {}\n", 3, "no range", ""),
        (LOGIN + "hosts:\n  a: {zone: 'z 1'}\n", 3, "zone name", ""),
        ("hosts:\n  a: {}\n", 2, "no connection.user", ""),
        ("hosts:\n  a: {connection: {user: x}}\n", 2, "no connection.secret", ""),
        (LOGIN + "hosts:\n  a: {connection: {address: x}}\n  b: {connection: {address: X}}\n", 4, "same address", ""),
        ("hosts: [a, b]\n", 1, "expected a mapping", ""),
        ("hosts:\n  a: {\n", 3, "not valid YAML", ""),
        ("a: &x [*x]\n", 1, "contains itself", ""),
        ("", 0, "empty", ""),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, text: str, line: int, words: str, hint: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_inventory(path)
    assert words in caught.value.what
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert hint in " ".join(caught.value.next_steps)


def test_a_secret_written_by_mistake_is_not_repeated(tmp_path: Path) -> None:
    for entry in ("secret: hunter2", "password: hunter2"):
        with pytest.raises(ConfigError) as caught:
            load_inventory(write(tmp_path, f"hosts:\n  a: {{connection: {{user: x, {entry}}}}}\n"))
        assert caught.value.line == 2
        assert "hunter2" not in repr(caught.value) + str(caught.value) + str(caught.value.next_steps)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_inventory(tmp_path / "none.yml")
    path = tmp_path / "latin.yml"
    path.write_bytes(b"hosts: {\xe4: {}}")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_inventory(path)


def test_the_examples_of_the_repository_load() -> None:
    folder = Path(__file__).parents[2] / "inventories"
    files = sorted(folder.glob("*.yml"))
    assert files
    for file in files:
        assert load_inventory(file).hosts
