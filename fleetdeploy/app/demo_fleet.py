"""The demo's ground: a lab of twelve hosts with a hand-made service, a project directory, three versions.

v1.4.0 runs already, installed by hand in a folder of its own; v1.4.2 is good; v1.4.3 is healthy at first and then
fails its health check, inside the bake. Times are short so that the whole fits in a minute; defaults are not touched.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetdeploy.lab.fleet import Lab

APP = "shop"
PORT = 8080
OLD, GOOD, BAD = "v1.4.0", "v1.4.2", "v1.4.3"
HAND_MADE_FOLDER = r"C:\Program Files\Shop"
HAND_MADE_IMAGE = rf'"{HAND_MADE_FOLDER}\shop.exe" --port {PORT}'
UNHEALTHY_AFTER_S = 4.0
ZONES = ("z1", "z2", "z3")
HOSTS_PER_ZONE = 4

PROJECT = f"""\
app:
  name: {APP}
  exe: shop.exe
  arguments: ["--port", "{PORT}"]
  root: C:\\Apps
  recovery: {{actions: [restart 500ms, restart 1s], reset: 1h, on_non_crash: true}}
  start_timeout: 5s
  stop_timeout: 5s
artifacts:
  path: dist/{{version}}/shop.exe
strategy:
  kind: canary
  canary: 10%
  batch: 50%
  bake_canary: 4s
checks:
  - name: healthz
    http: {{port: {PORT}, path: /healthz, timeout: 2s}}
  - name: version
    http: {{port: {PORT}, path: /version, contains: "{{version}}"}}
health: {{min_healthy: 1s, interval: 500ms, deadline: 15s}}
"""


def host_names() -> tuple[str, ...]:
    """Twelve names, zone by zone: shop-z1-1 … shop-z3-4."""
    return tuple(f"{APP}-{zone}-{number}" for zone in ZONES for number in range(1, HOSTS_PER_ZONE + 1))


def start_lab() -> Lab:
    """Twelve hosts, each running v1.4.0 as a service that somebody made by hand."""
    from fleetdeploy.lab.fleet import HostSpec, Lab
    from fleetdeploy.lab.windows import blobs
    from fleetdeploy.lab.windows.service import ServiceConfig, StartType

    lab = Lab.start([HostSpec(name, options={"seed": index}) for index, name in enumerate(host_names())])
    exe = blobs.intern(_exe(OLD))
    for host in lab.hosts.values():
        host.machine.fs.mkdir(HAND_MADE_FOLDER)
        host.machine.fs.put(rf"{HAND_MADE_FOLDER}\shop.exe", exe)
        config = ServiceConfig(APP, HAND_MADE_IMAGE, display_name="Shop", start=StartType.AUTO)
        host.machine.install(config, start=True)
    return lab


def write_project(folder: Path, lab: Lab) -> None:
    """fleetdeploy.yml, inventories/demo.yml and dist/ with two versions and their checksums."""
    (folder / "fleetdeploy.yml").write_text(PROJECT, encoding="utf-8")
    for version in (GOOD, BAD):
        target = folder / "dist" / version
        target.mkdir(parents=True)
        data = _exe(version)
        (target / "shop.exe").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        (target / "shop.exe.sha256").write_text(f"{digest}  shop.exe\n", encoding="ascii")
    write_inventory(folder, lab)


def write_inventory(folder: Path, lab: Lab) -> Path:
    """The fleet of the lab: even hosts over HTTPS with the lab's own CA, odd ones over sealed HTTP."""
    (folder / "inventories").mkdir()
    lab.write_ca(folder / "inventories" / "lab-ca.pem")
    lines = [
        "fleet: demo",
        "defaults:",
        f"  connection: {{auth: ntlm, user: {lab.user}, secret: 'env:FLEETDEPLOY_PASSWORD', ca_file: lab-ca.pem}}",
        "hosts:",
    ]
    for index, (name, host) in enumerate(lab.hosts.items()):
        secure = index % 2 == 0
        port = host.port_https if secure else host.port_http
        where = f"address: {host.address}, port: {port}, transport: {'https' if secure else 'http'}"
        lines.append(f"  {name}: {{zone: {name.split('-')[1]}, connection: {{{where}}}}}")
    path = folder / "inventories" / "demo.yml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _exe(version: str) -> bytes:
    from fleetdeploy.lab.windows.pe import GoBuild, make_exe

    behaviour: dict[str, object] = {"version": version, "port": PORT, "start_seconds": 0.2, "stop_seconds": 0.2}
    if version == BAD:
        behaviour["unhealthy_after"] = UNHEALTHY_AFTER_S
    build = GoBuild(path="example.com/shop", module="example.com/shop", version=version)
    return make_exe(behaviour, build=build, size=2_000_000, seed=int(version.replace("v", "").replace(".", "")))
