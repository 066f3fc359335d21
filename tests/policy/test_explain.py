"""What a failure means, case by case: the table of explanations is held against what Windows and Go really say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.model.scene import SCM, Listener, LoggedEvent, LogTail, Scene, SceneProcess, SceneService
from fleetdeploy.model.verbs import HostFailure
from fleetdeploy.policy.explain import TABLE, advice, explain, facts_of, find_panic

SINCE, NOW, BEFORE = "2026-11-21T17:00:00.0000000Z", "2026-11-21T17:00:05.0000000Z", "2026-11-20T08:00:00.0000000Z"
EXE = "C:\\Apps\\shop\\releases\\v1.4.3-00112233\\shop.exe"
SERVICE = SceneService("Shop", "The Shop", "Stopped", 0, "", f'"{EXE}"', EXE, True, "", 0, 0, "LocalSystem", "Auto")
PANIC = (
    "2026/11/21 17:00:03 shop v1.4.3 listens on :8080",
    "panic: runtime error: index out of range [3] with length 3",
    "",
    "goroutine 1 [running]:",
    "runtime.gopanic(0x1)",
    "\tC:/Program Files/Go/src/runtime/panic.go:770 +0x132",
    "main.main()",
    "\tC:/build/shop/main.go:42 +0x9e",
)
IN_USE = (
    "2026/11/21 17:00:03 listen tcp :8080: bind: Only one usage of each socket address"
    " (protocol/network address/port) is normally permitted."
)
POPUP = "The code execution cannot proceed because libsqlite3.dll was not found."


def scm(number: int, *inserts: str) -> LoggedEvent:
    return LoggedEvent(NOW, "System", SCM, number, 2, inserts)


def event(provider: str, number: int, *inserts: str, log: str = "System") -> LoggedEvent:
    return LoggedEvent(NOW, log, provider, number, 2, inserts, " ".join(inserts))


def log(*lines: str, modified: str = NOW) -> LogTail:
    return LogTail("C:\\shop.log", 1, modified, lines)


def scene(*events: LoggedEvent, logs: tuple[LogTail, ...] = (), **more: Any) -> Scene:
    service = replace(SERVICE, **{k: more.pop(k) for k in tuple(more) if k in SceneService.__dataclass_fields__})
    return Scene(NOW, "R1", SINCE, service, events, logs, **more)


def start(win32: int | None, detail: str = "the service did not start", **more: Any) -> HostFailure:
    return HostFailure("start", detail, win32, **more)


CASES = [
    # name, failure, scene, words that the text must have
    ("no-service-handler", start(1053), scene(scm(7009, "30000", "Shop"), scm(7000, "Shop", "%%1053")), "svc.Run"),
    ("no-service-handler", start(1053), None, "golang.org/x/sys/windows/svc"),
    ("no-service-handler", None, scene(scm(7009, "30000", "Shop")), "1053"),
    ("hung", start(1053, "the service is still StartPending after 30 s"), None, "hangs while it starts"),
    ("hung", HostFailure("stop", "the service is StopPending", 1053), None, "did not stop"),
    ("crashed", start(1067), None, "1067"),
    ("crashed", start(None, exit_code=1067), scene(scm(7034, "Shop", "1")), "event 7034"),
    ("crashed", None, scene(scm(7031, "Shop", "3", "5000", "1", "Restart")), "event 7031, 3 times"),
    ("crashed", start(None, event_id=7034), None, "1067"),
    ("logon", start(1069), scene(scm(7038, "Shop", ".\\svc", "%%1326")), "password is wrong"),
    ("logon", start(1069), scene(scm(7038, "Shop", ".\\svc", "%%1907")), "must be changed"),
    ("logon", start(1069), scene(scm(7038, "Shop", ".\\svc", "%%1909")), "locked out"),
    ("logon", start(1069), scene(scm(7041, "Shop", "CORP\\svc")), "CORP\\svc lacks the right"),
    ("logon", start(1069), None, "1069"),
    ("logon", start(1069, "no (event 7000: Shop, %%1385)"), None, "right to log on as a service"),
    ("not-started", start(2), scene(scm(7000, "Shop", "%%2")), "ImagePath"),
    ("not-started", start(193), None, "another architecture"),
    ("not-started", None, scene(scm(7000, "Shop", "%%14001")), "7000"),
    ("port-in-use", start(1067), scene(scm(7034, "Shop", "1"), logs=(log(IN_USE),)), "port 8080 was in use"),
    ("port-in-use", start(None, exit_code=10048), None, "in use"),
    ("port-in-use", None, scene(event("Shop", 1, IN_USE, log="Application")), "port 8080"),
    ("missing-dll", start(1053), scene(event("Application Popup", 26, "shop.exe - System Error", POPUP)), "libsqlite3"),
    ("missing-dll", start(1053), scene(scm(7000, "Shop", "%%-1073741515")), "0xC0000135"),
    ("missing-dll", start(None, exit_code=3221225781), None, "0xC0000135"),
    ("missing-dll", None, scene(scm(7023, "Shop", "%%126")), "a DLL that the exe needs"),
    ("missing-dll", start(None, exit_code=-1073741515), None, "0xC0000135"),
    ("go-panic", start(1067), scene(scm(7034, "Shop", "1"), logs=(log(*PANIC),)), "index out of range [3]"),
    ("go-panic", None, scene(logs=(log(*PANIC),)), "main.go:42"),
    ("go-panic", start(1066, exit_code=2), None, "logs:"),
    ("go-panic", None, scene(exit_code=1066, specific_exit_code=2), "exit code 2"),
    ("own-exit", None, scene(exit_code=1066, specific_exit_code=1), "exit code 1"),
    ("own-exit", start(1, exit_code=1), scene(scm(7023, "Shop", "%%1")), "os.Exit"),
    ("access-denied", start(5), None, "denied (5)"),
    ("access-denied", None, scene(scm(7000, "Shop", "%%5")), "LocalSystem may not"),
    ("quarantine", start(2), scene(exe_exists=False), "quarantine"),
    ("quarantine", HostFailure("artifact", "shop.exe is not on the host", 2), None, "is gone"),
    ("quarantine", None, scene(event("Microsoft-Windows-Windows Defender", 1116, EXE)), "event 1116"),
    ("quarantine", None, scene(event("Microsoft-Windows-Windows Defender", 1121, EXE)), "attack surface"),
    (
        "fault",
        start(1067),
        scene(event("Application Error", 1000, "shop.exe", "", "", "x.dll", "", "", "c0000005")),
        "x.dll",
    ),
    ("dependency", start(1068), scene(scm(7001, "Shop", "SQL Server", "%%1053")), "SQL Server"),
    ("disk-full", HostFailure("script", "no room", 112), None, "disk is full"),
]


@pytest.mark.parametrize(("name", "failure", "seen", "words"), CASES)
def test_each_entry(name: str, failure: HostFailure | None, seen: Scene | None, words: str) -> None:
    found = explain(facts_of("web1", failure, seen))
    assert found, "nothing fits"
    assert found[0].name == name, [f.name for f in found]
    assert words in f"{found[0].text} {found[0].next_steps}"
    assert found[0].next_steps


def test_every_entry_of_the_table_is_tried_above() -> None:
    fits = {entry for entry in TABLE for _, failure, seen, _ in CASES if entry(facts_of("web1", failure, seen))}
    assert fits == set(TABLE)


def test_nothing_is_explained_where_nothing_is_known() -> None:
    assert explain(facts_of("web1", None, None)) == ()
    assert explain(facts_of("web1", HostFailure("health", "healthz: 503"), scene(state="Running", pid=7))) == ()
    assert advice("web1", None, None) == ("", ())


@pytest.mark.parametrize("kind", ["Unreachable", "AnswerLost", "LoginRefused", "Busy"])
def test_codes_of_the_way_to_the_host_are_not_the_services(kind: str) -> None:
    assert explain(facts_of("web1", HostFailure(kind, "no answer", 5), None)) == ()


def test_exit_codes_of_a_service_that_runs_are_of_another_time() -> None:
    assert explain(facts_of("web1", None, scene(state="Running", pid=7, exit_code=1067))) == ()
    assert explain(facts_of("web1", None, scene(exit_code=1077))) == ()


def test_who_listens_is_named_unless_it_is_the_app_itself() -> None:
    shop = SceneProcess(500, "shop.exe", EXE, NOW, ours=True)
    listeners = (Listener(8080, 900, "nginx.exe"), Listener(9090, 500, "shop.exe"))
    seen = scene(logs=(log(IN_USE),), processes=(shop,), listeners=listeners)
    [found] = explain(facts_of("web1", None, seen))
    assert "nginx.exe (PID 900) listens on it" in found.text
    assert "stop nginx.exe (PID 900) on web1" in found.next_steps[0]
    alone = scene(logs=(log(IN_USE),), processes=(shop,), listeners=(Listener(8080, 500, "shop.exe"),))
    [found] = explain(facts_of("web1", None, alone))
    assert "shop.exe" not in found.text


def test_a_panic_of_yesterday_explains_nothing_today() -> None:
    assert explain(facts_of("web1", None, scene(logs=(log(*PANIC, modified=BEFORE),)))) == ()


def test_the_first_lines_of_a_panic_are_found() -> None:
    panic = find_panic(("panic: the first", "goroutine 1 [running]:", "\tC:/a.go:1", *PANIC, "later"))
    assert panic is not None
    assert panic.message == "panic: runtime error: index out of range [3] with length 3"
    assert (panic.goroutine, panic.where) == ("goroutine 1 [running]:", "C:/build/shop/main.go:42")
    assert find_panic(("http: panic serving 10.0.0.1: x", "don't panic: it is fine")) is None
    stamped = find_panic(("2026/11/21 17:00:03 panic: stamped",))
    assert stamped is not None
    assert stamped.message == "panic: stamped"
    fatal = find_panic(("fatal error: all goroutines are asleep - deadlock!",))
    assert fatal is not None
    assert "deadlock" in fatal.public


def test_words_of_the_app_are_quoted_apart() -> None:
    own = log("panic: dial postgres://shop:hunter2@db/shop", "goroutine 1 [running]:", "\tC:/build/shop/db.go:7 +0x1")
    seen = scene(scm(7034, "Shop", "1"), logs=(own,))
    for found in explain(facts_of("web1", start(1067), seen)):
        assert "hunter2" not in found.text
        assert "hunter2" not in str(found.next_steps)
    text, steps = advice("web1", start(1067), seen)
    assert "a panic of its own (C:/build/shop/db.go:7)" in text
    assert "hunter2" not in f"{text}{steps}"
    assert "hunter2" in explain(facts_of("web1", None, seen))[0].quoted
    assert "hunter2" not in repr(seen)


def test_a_new_go_on_an_old_windows_is_told_apart() -> None:
    popup = event("Application Popup", 26, "x", "cannot proceed because bcryptprimitives.dll was not found")
    assert "Server 2016" in explain(facts_of("web1", None, scene(popup)))[0].text
