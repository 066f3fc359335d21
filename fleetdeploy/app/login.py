"""A refused login as one error: who was refused, how often it was tried, where the password came from. Asks no host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetdeploy.errors import LoginRefused
from fleetdeploy.model.host import Connection, Host
from fleetdeploy.model.sight import Lost, Sight

_KINDS = {"env": "the environment variable {}", "file": "the file {}", "cmd": "the command of {}"}


def stop_at_login(hosts: Sequence[Host], sights: Mapping[str, Sight], *, only_if_all: bool = False) -> None:
    """Stops here if a login was refused on one of these hosts.

    Args:
        hosts: who was asked.
        sights: what was seen of them.
        only_if_all: go on as long as one host can be asked (a rollback is better than none).

    Raises:
        LoginRefused: exit 6, with the number of attempts: somebody has to know how far the account is from a lock-out.
    """
    refused = [h for h in hosts if (s := sights.get(h.name)) is not None and s.lost is Lost.LOGIN]
    if not refused or (only_if_all and len(refused) < len(hosts)):
        return
    tried = [h for h in refused if sights[h.name].tried] or refused[:1]
    first = tried[0]
    user = first.connection.login or "(no user)"
    others = len(refused) - len(tried)
    spared = (
        f" {others} more {'host was' if others == 1 else 'hosts were'} not tried with this account." if others else ""
    )
    raise LoginRefused(
        f"{first.name} refused the login of {user}.{spared}",
        host=first.name,
        changed=f"nothing (0 of {len(hosts)} hosts). Login attempts made: {len(tried)}. " + origin(first.connection),
        why=(
            "password expired or wrong",
            "account locked or disabled",
            "no right to log on over the network, or not a member of Administrators there",
            f"the host said: {sights[first.name].error}",
        ),
        next_steps=(f"fleetdeploy doctor --limit {first.name} --user YOU --ask-password",),
    )


def askable(hosts: Sequence[Host], sights: Mapping[str, Sight]) -> tuple[Host, ...]:
    """Those that may be asked again: one refused login is one attempt, not one for each verb (a lock-out)."""
    return tuple(h for h in hosts if (s := sights.get(h.name)) is None or s.lost is not Lost.LOGIN)


def origin(connection: Connection) -> str:
    """Where the password comes from, as a sentence; never the password, nor a command that might hold one."""
    if connection.auth == "certificate":
        return "No password was sent: a client certificate was shown."
    ref = connection.secret
    if ref is None:
        return "No password was given (Kerberos ticket)."
    target = "the inventory" if ref.kind == "cmd" else ref.target
    return f"The password came from {_KINDS.get(ref.kind, '{}').format(target)}."
