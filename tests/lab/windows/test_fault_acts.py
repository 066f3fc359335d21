"""Faults that happen to a machine: when they come, what they do, what is told of them, what healing takes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from fleetdeploy.lab.windows.errors import FileError, Win32Error
from fleetdeploy.lab.windows.eventlog import DEFENDER
from fleetdeploy.lab.windows.fault_acts import ACTS, BY_HAND_EXE
from fleetdeploy.lab.windows.fault_kinds import KINDS, OPTIONS, FaultError, FaultKind
from fleetdeploy.lab.windows.faults import Fault
from fleetdeploy.lab.windows.files import Access
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.service import Action, FailureActions, StartType, State

Install = Callable[..., str]


def code(call: Callable[[], object]) -> int:
    with pytest.raises(Win32Error) as refused:
        call()
    return refused.value.code


def running(host: WindowsHost, name: str = "app") -> None:
    assert host.scm.wait_for(name, State.RUNNING, 20)


def ids(host: WindowsHost, log: str) -> list[int]:
    return [event.id for event in host.eventlog.read(log) or ()]


def told(host: WindowsHost) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.text, one.note) for one in host.faults.log]


def test_the_table_is_whole() -> None:
    assert set(KINDS) == set(FaultKind)
    assert set(ACTS) == {kind for kind, about in KINDS.items() if about.event}
    fields = set(Fault.__dataclass_fields__) - {"kind", "hits", "awake", "dice"}
    assert fields == set(OPTIONS)
    assert all(set(about.options) <= set(OPTIONS) for about in KINDS.values())


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("rebot", {}, "did you mean reboot"),
        ("refuse", {"secs": 1}, "no option of a fault: secs"),
        ("refuse", {"seconds": 1.0}, "refuse takes no seconds"),
        ("slow-link", {"skip": 2}, "slow-link takes no skip"),
        ("reboot", {"pattern": "("}, "no regular expression"),
        ("reboot", {"probability": 2.0}, "not within 0 and 1"),
        ("by-hand", {"do": "stopp"}, "did you mean stop"),
        ("http-error", {"code": "418"}, "no code 418"),
        ("wsman-fault", {}, "needs a code"),
        ("silence", {"seconds": -1.0}, "less than none"),
    ],
)
def test_what_cannot_be_is_refused(host: WindowsHost, kind: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(FaultError, match=words):
        host.faults.add(kind, **options)  # type: ignore[arg-type]
    assert host.faults.quiet


def test_conditions(host: WindowsHost) -> None:
    faults = host.faults
    faults.add("stop-hangs", pattern="^app$", skip=1, count=2)
    taken = [faults.take(FaultKind.STOP_HANGS, name) is not None for name in ("other", "app", "app", "app", "app")]
    assert taken == [False, False, True, True, False]
    faults.add("stop-hangs", after="^start app", count=None)
    assert faults.take(FaultKind.STOP_HANGS, "app") is None
    host.reach("start other")
    assert not faults.pending(FaultKind.STOP_HANGS)
    host.reach("start app")
    assert faults.take(FaultKind.STOP_HANGS, "app") is not None
    faults.heal()
    throws = []
    for _ in range(2):
        faults.add("stop-hangs", probability=0.5, seed=7, count=None)
        throws.append([faults.take(FaultKind.STOP_HANGS, "app") is not None for _ in range(20)])
        faults.heal()
    assert throws[0] == throws[1]
    assert {True, False} == set(throws[0])


def test_a_byte_offset_of_an_upload(host: WindowsHost) -> None:
    host.faults.add("disk-full", pattern="big", offset=1000, count=None)
    handle = host.fs.open("C:\\big.bin", "Create", Access.WRITE)
    handle.write(bytes(600))
    handle.write(bytes(600))
    assert host.faults.fired == []
    with pytest.raises(FileError, match="disk"):
        handle.write(bytes(600))
    assert host.faults.fired == [(FaultKind.DISK_FULL, "C:\\big.bin")]


def test_a_reboot_at_a_byte_offset(host: WindowsHost) -> None:
    host.faults.add("reboot", offset=1000)
    handle = host.fs.open("C:\\big.bin", "Create", Access.WRITE)
    handle.write(bytes(600))
    assert host.faults.fired == []
    handle.write(bytes(600))  # from here on the handle may be closed at any moment
    assert host.faults.fired == [(FaultKind.REBOOT, "upload C:\\big.bin")]


def test_an_event_that_nothing_holds_back_happens_at_once(host: WindowsHost) -> None:
    before = host.clock.now()
    host.faults.add("clock-skew", seconds=3600.0)
    assert host.clock.now() - before > timedelta(minutes=59)
    assert told(host)[0] == ("clock-skew", "at once", "")
    host.faults.heal("clock-skew")
    assert host.clock.now() - before < timedelta(minutes=1)


@pytest.mark.parametrize("do", ["gone", "changed"])
def test_defender_takes_an_exe(host: WindowsHost, install: Install, do: str) -> None:
    path = install(start=True)
    running(host)
    before = host.fs.blob(path).sha256
    host.faults.add("quarantine", path=r"\\app\.exe$", do=do)
    assert host.fs.is_file(path) == (do == "changed")
    assert do == "gone" or host.fs.blob(path).sha256 != before
    assert host.scm.query("app").state is State.STOPPED, "what ran from it was ended"
    assert ids(host, DEFENDER) == [1116, 1117]
    assert any(path in text for text in (host.eventlog.read(DEFENDER) or [])[0].properties)
    assert told(host)[-1] == ("quarantine", path, do)


def test_defender_takes_the_file_of_the_point(host: WindowsHost) -> None:
    host.faults.add("quarantine", pattern=r"^write .*\.exe$")
    host.fs.write_bytes("C:\\a.txt", b"text")
    host.fs.write_bytes("C:\\a.exe", b"MZ")
    assert host.fs.is_file("C:\\a.txt")
    assert not host.fs.is_file("C:\\a.exe")


def test_a_rule_blocks_a_program(host: WindowsHost, install: Install) -> None:
    install()
    host.faults.add("block-exe", pattern=r"app\.exe")
    assert code(lambda: host.scm.start("app")) == 5
    assert ids(host, DEFENDER) == [1121]
    assert ids(host, "System")[-1] == 7000
    host.scm.start("app")


def test_pending_states_that_never_end(host: WindowsHost, install: Install) -> None:
    install()
    host.faults.add("start-hangs", pattern="app")
    host.faults.add("stop-hangs")
    host.scm.start("app")
    assert host.scm.query("app").state is State.START_PENDING
    process = host.scm.service("app").process
    assert process is not None
    host.processes.end(process, 1)
    host.scm.start("app")
    running(host)
    assert host.scm.stop("app").state is State.STOP_PENDING
    assert not host.scm.wait_for("app", State.STOPPED, 0.1)


def test_recovery_starts_the_exe_that_is_configured_then(host: WindowsHost, install: Install) -> None:
    install(start=True, config={"failure": FailureActions(3600, ((Action.RESTART, 1),))})
    running(host)
    host.faults.add("crash", pattern="^stop app")
    assert code(lambda: host.scm.stop("app")) == 1062, "it died before the stop came"
    running(host)
    assert 7031 in ids(host, "System")
    assert host.effects.count("recover", "app") == 1


def test_a_crash_loop_of_whatever_runs(host: WindowsHost, install: Install) -> None:
    install()
    host.faults.add("crash-loop", count=2, seconds=0.01)
    for _ in range(2):
        host.scm.start("app")
        assert host.scm.wait_for("app", State.STOPPED, 20)
    host.scm.start("app")
    running(host)
    assert host.effects.count("crash", "app") == 2


def test_people_at_the_service(host: WindowsHost, install: Install) -> None:
    path = install(start=True)
    running(host)
    scm, faults = host.scm, host.faults
    faults.add("dependent")
    assert code(lambda: scm.stop("app")) == 1051
    faults.heal("dependent")
    assert scm.find("appAgent") is None
    faults.add("by-hand", do="arguments")
    assert scm.config("app").image_path == f'"{path}" --flag --by-hand'
    faults.add("by-hand", do="image")
    assert scm.config("app").image_path.startswith(f'"{BY_HAND_EXE}"')
    faults.add("disable", pattern="^stop app")
    faults.add("by-hand", do="stop")
    assert scm.config("app").start is StartType.DISABLED
    assert scm.wait_for("app", State.STOPPED, 20)
    faults.add("by-hand", do="kill")
    assert told(host)[-1][2].startswith("could not be")
    faults.add("mark-deleted")
    assert code(lambda: scm.change("app", description="x")) == 1072
    deleted = host.registry.get("HKLM\\SYSTEM\\CurrentControlSet\\Services\\app", "DeleteFlag")
    assert deleted is not None
    faults.heal()
    assert scm.find("app") is None, "services.msc was closed"


def test_which_service_is_meant(host: WindowsHost, install: Install) -> None:
    install("one")
    install("two")
    host.faults.add("disable")
    assert "could not be" in told(host)[-1][2]
    host.faults.add("disable", service="two")
    assert [host.scm.config(name).start for name in ("one", "two")] == [StartType.AUTO, StartType.DISABLED]
