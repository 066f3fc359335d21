"""Where things of an app lie on a host, and how its ImagePath is written. The only module of the controller that knows.

Pure text. The scripts get these paths as parameters; they never build a release's path themselves.
"""

from __future__ import annotations

from fleetdeploy.model.service import ServiceSpec


def app_folder(root: str, app: str) -> str:
    """``<root>\\<app>``."""
    return f"{root.rstrip(chr(92))}\\{app}"


def release_folder(root: str, app: str, release: str) -> str:
    """``<root>\\<app>\\releases\\<release>``."""
    return f"{app_folder(root, app)}\\releases\\{release}"


def release_exe(root: str, app: str, release: str, exe: str) -> str:
    """Full path of the service's exe in a release; ``exe`` is its path in the manifest (with ``/``)."""
    return f"{release_folder(root, app, release)}\\{exe.replace('/', chr(92))}"


def quote_argument(text: str) -> str:
    """One argument as CommandLineToArgvW reads it back: quoted only if needed, backslashes doubled before a quote."""
    if text and not any(c in ' \t\n\v"' for c in text):
        return text
    out, slashes = ['"'], 0
    for char in text:
        if char == "\\":
            slashes += 1
            continue
        out.append("\\" * (slashes * 2 + 1 if char == '"' else slashes) + char)
        slashes = 0
    return "".join(out) + "\\" * (slashes * 2) + '"'


def working_directory(spec: ServiceSpec) -> str:
    """What ``{workdir}`` stands for: the folder asked for, else the app's own ``data`` folder."""
    return spec.working_directory or f"{app_folder(spec.root, spec.app)}\\data"


def log_patterns(spec: ServiceSpec) -> tuple[str, ...]:
    """The project's ``logs``, as they are on the host."""
    workdir = working_directory(spec)
    return tuple(one.replace("{workdir}", workdir).replace("{root}", spec.root) for one in spec.logs)


def image_path(spec: ServiceSpec, release: str, exe: str) -> str:
    """The ImagePath of a release: the exe is always quoted (an unquoted path with a space is a hole)."""
    workdir = working_directory(spec)
    arguments = (quote_argument(a.replace("{workdir}", workdir)) for a in spec.arguments)
    return " ".join((f'"{release_exe(spec.root, spec.app, release, exe)}"', *arguments))
