"""The settings of one layer (defaults, a group, a host), how layers are laid over one another, and the result checked.

Precedence: defaults < outer group < inner group < host. Each value keeps the place it was written at, so that an error
about the result still names a line, and ``inventory show`` can say where a value comes from. ``load.py`` decides which
layers a host has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from fleetdeploy.documents import Section, Value
from fleetdeploy.errors import ConfigError
from fleetdeploy.model.host import Auth, Connection, Transport
from fleetdeploy.model.secret import SecretRef

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62})")
_ADDRESS = re.compile(r"[A-Za-z0-9_.:{}%-]{1,255}")
_CONNECTION_KEYS = (
    "address",
    "port",
    "transport",
    "auth",
    "user",
    "secret",
    "ca_file",
    "fingerprint",
    "connect_timeout",
    "certificate",
    "certificate_key",
)
FILE_KEYS = ("ca_file", "certificate", "certificate_key")
"""Connection values that are files, beside the inventory unless absolute."""
_DEFAULT_PORTS = {"https": 5986, "http": 5985}
_TRANSPORTS: tuple[Transport, ...] = get_args(Transport)
_AUTHS: tuple[Auth, ...] = get_args(Auth)


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer says. ``label`` is for people: ``defaults``, ``group web``, ``host web01``."""

    label: str
    connection: dict[str, Value] = field(default_factory=dict)
    labels: dict[str, Value] = field(default_factory=dict)
    vars: dict[str, Value] = field(default_factory=dict)
    zone: Value | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the layer that won."""

    value: Value
    layer: str


def read_layer(section: Section, label: str) -> Layer:
    """The parts that every layer may have; the caller asks for its own keys and calls ``section.done()``."""
    connection = section.section("connection")
    entries = {key: value for key in _CONNECTION_KEYS if (value := connection.get(key)) is not None}
    password = connection.get("password")
    if password is not None:
        raise ConfigError(
            f"{password.path}: a password does not belong into a file",
            file=password.file,
            line=password.line,
            next_steps=("write secret: env:NAME, secret: file:PATH or secret: cmd:COMMAND",),
        )
    connection.done()
    for key, value in entries.items():
        _check_value(key, value)
    zone = section.get("zone")
    if zone is not None:
        zone.name(NAME, "zone name (letters, digits, _ . -)")
    labels = dict(section.section("labels").entries())
    for key, value in labels.items():
        if not NAME.fullmatch(key):
            raise value.error(f"{key!r} is no label name (letters, digits, _ . -)")
        value.text()
    variables = dict(section.section("vars").entries())
    for value in variables.values():
        value.plain()
    return Layer(label, entries, labels, variables, zone)


def merge(layers: Sequence[Layer]) -> tuple[dict[str, Found], dict[str, Found], dict[str, Found], Found | None]:
    """Connection, labels, vars and zone in force; a later layer wins, key by key."""
    connection: dict[str, Found] = {}
    labels: dict[str, Found] = {}
    variables: dict[str, Found] = {}
    zone: Found | None = None
    for layer in layers:
        connection.update({key: Found(value, layer.label) for key, value in layer.connection.items()})
        labels.update({key: Found(value, layer.label) for key, value in layer.labels.items()})
        variables.update({key: Found(value, layer.label) for key, value in layer.vars.items()})
        zone = Found(layer.zone, layer.label) if layer.zone is not None else zone
    return connection, labels, variables, zone


def _check_value(key: str, value: Value) -> None:
    """Everything that one value alone can be wrong in, so that the error names the line that has it."""
    if key == "address":
        value.name(_ADDRESS, "address (a DNS name or an IP address; {name} is the host's name)")
    elif key == "port":
        value.integer(1, 65535)
    elif key == "transport":
        value.choice(_TRANSPORTS)
    elif key == "auth":
        value.choice(_AUTHS)
    elif key == "secret":
        secret_ref(value)
    elif key == "fingerprint":
        fingerprint(value)
    elif key == "connect_timeout":
        value.duration(0.1, 300.0)
    else:
        value.text()


def secret_ref(value: Value) -> SecretRef:
    """A reference; the text is never repeated in the error, since it may be the secret itself."""
    try:
        return SecretRef.parse(value.text("a secret reference"))
    except ValueError as problem:
        raise value.error(str(problem)) from None


def fingerprint(value: Value) -> str:
    """SHA-256 of a certificate as 64 lower-case hex digits; colons and spaces are ignored."""
    digits = re.sub(r"[:\s]", "", value.text()).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise value.error("is no SHA-256 fingerprint (64 hex digits)")
    return digits


def build_connection(name: str, found: dict[str, Found], place: Value, files: Mapping[str, str | None]) -> Connection:
    """The connection of one host, and what is wrong with the combination.

    Args:
        name: the host's name, also its address unless one is set.
        found: the connection values in force.
        place: the host's entry, for errors about something missing.
        files: those of FILE_KEYS in force, already relative to nothing.
    """

    def text(key: str, default: str) -> str:
        return found[key].value.text() if key in found else default

    transport = found["transport"].value.choice(_TRANSPORTS) if "transport" in found else "https"
    auth = found["auth"].value.choice(_AUTHS) if "auth" in found else "negotiate"
    user = text("user", "")
    secret = secret_ref(found["secret"].value) if "secret" in found else None
    if transport == "http" and auth == "basic":
        at = found["auth"].value
        raise at.error(
            f"host {name}: Basic over plain HTTP would send the password in the clear",
            next_steps=("use transport: https, or auth: negotiate (sealed also over http)",),
        )
    if auth == "certificate":
        _check_certificate(name, transport, found, place)
    elif auth != "kerberos" and (not user or secret is None):
        missing = "user" if not user else "secret"
        raise place.error(
            f"host {name} has no connection.{missing}",
            why=(f"{auth} login needs an account and its password",),
            next_steps=("set user and secret (env:NAME, file:PATH or cmd:COMMAND) here, in a group or in defaults",),
        )
    return Connection(
        address=text("address", "{name}").replace("{name}", name),
        port=found["port"].value.integer(1, 65535) if "port" in found else _DEFAULT_PORTS[transport],
        transport=transport,
        auth=auth,
        user=user,
        secret=secret,
        ca_file=files["ca_file"] if transport == "https" else None,
        fingerprint=fingerprint(found["fingerprint"].value)
        if "fingerprint" in found and transport == "https"
        else None,
        connect_timeout_s=found["connect_timeout"].value.duration(0.1, 300.0) if "connect_timeout" in found else 10.0,
        certificate=files["certificate"] if auth == "certificate" else None,
        certificate_key=files["certificate_key"] if auth == "certificate" else None,
    )


def _check_certificate(name: str, transport: Transport, found: dict[str, Found], place: Value) -> None:
    if transport == "http":
        raise found["auth"].value.error(
            f"host {name}: a certificate logs in over TLS only", next_steps=("use transport: https",)
        )
    if "certificate" not in found:
        raise place.error(
            f"host {name} has no connection.certificate",
            why=("certificate login needs a PEM file, which the host maps to a local account",),
            next_steps=("set certificate and certificate_key (PEM files beside this one); secret: its passphrase",),
        )
