"""The lab: a simulated Windows fleet on loopback that unmodified WinRM clients talk to.

It is a peer, not a helper: it imports nothing of the product but ``fleetdeploy.errors``, knows nothing of the product's
scripts, and refuses loudly (``NotSimulated``) what it does not simulate. Start reading in ``fleet.py``.

As a library, for whoever automates over WinRM (``pip install 'fleetdeploy[lab]'``):

    from fleetdeploy.lab import HostSpec, Lab, ServiceSpec, make_artifact

    shop = ServiceSpec("shop", r"C:\\apps\\shop.exe", make_artifact("v1.4.0", port=8080))
    with Lab.start([HostSpec("web01", services=(shop,)), HostSpec("web02", powershell="4.0")]) as lab:
        host = lab.hosts["web01"]
        ...   # any WinRM client: host.address, host.port_http, host.port_https; lab.user, lab.password, lab.ca_pem
        host.effects.count("stop", "shop"); host.faults.add("reset-during", pattern="Restart-Service")
        assert not host.not_simulated

In tests the pytest fixture ``windows_fleet`` (``pytest_plugin.py``, a ``WindowsFleet`` of ``testing.py``) does that,
and fails a test whose script asked for what the lab does not simulate. The names below are what others may rely on.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fleetdeploy.lab.errors import NotSimulated
    from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost, ServiceSpec, make_artifact
    from fleetdeploy.lab.testing import FleetHost, WindowsFleet
    from fleetdeploy.lab.tls import ClientCertificate
    from fleetdeploy.lab.windows.accounts import Account
    from fleetdeploy.lab.windows.faults import FaultKind
    from fleetdeploy.lab.wsman.certificates import CertificateMapping
    from fleetdeploy.lab.wsman.limits import ServiceLimits

__all__ = [
    "Account",
    "CertificateMapping",
    "ClientCertificate",
    "FaultKind",
    "FleetHost",
    "HostSpec",
    "Lab",
    "LabHost",
    "NotSimulated",
    "ServiceLimits",
    "ServiceSpec",
    "WindowsFleet",
    "make_artifact",
]

_HOMES = {
    "errors": "NotSimulated",
    "fleet": "HostSpec Lab LabHost ServiceSpec make_artifact",
    "testing": "FleetHost WindowsFleet",
    "tls": "ClientCertificate",
    "windows.accounts": "Account",
    "windows.faults": "FaultKind",
    "wsman.certificates": "CertificateMapping",
    "wsman.limits": "ServiceLimits",
}
_WHERE = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Public names are fetched when they are asked for: importing the package alone costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
