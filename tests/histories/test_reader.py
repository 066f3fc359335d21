"""The reader sees what it is there for: each promise that is broken here on purpose is named."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fleetdeploy.engine.journal import Journal
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason, Phase
from tests.histories.operators import Conductor, Operator
from tests.histories.reader import Reader
from tests.histories.watch import Cause

OLD, NEW = r'"C:\old.exe"', r'"C:\Apps\shop\releases\v2-abc\shop.exe"'
HOSTS = ("web1", "web2", "web3")


class FakeWatch:
    """Machines as the test says they are."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.log: Any = lambda text: None
        self.lab = SimpleNamespace(hosts={n: n for n in HOSTS})
        self.images = dict.fromkeys(HOSTS, OLD)
        self.down: set[str] = set()
        self.records: dict[str, Any] = {}
        self.touched: list[tuple[str, str, str]] = []
        self.touched_by_others: set[str] = set()

    def image(self, host: str) -> str:
        return self.images[host]

    def runs(self, host: str) -> bool:
        return host not in self.down

    def memory(self, host: str) -> Any:
        return SimpleNamespace(rollout=lambda rollout: self.records.get(host))

    def others(self, host: str, rollout: str, since: int, *, conductor: str = "") -> bool:
        return host in self.touched_by_others


class Scene:
    """A forward rollout R1 of three hosts, conducted by C1."""

    def __init__(self, folder: Path, kind: str = "forward") -> None:
        self.watch = FakeWatch()
        pages = tuple(SimpleNamespace(host=n, to_release="v2-abc", to_label="v2", healthy=True) for n in HOSTS)
        self.plan: Any = SimpleNamespace(hosts=pages, kind=kind, undoes="R0", max_unavailable=1)
        self.reader = Reader(self.watch, {"R1": self.plan})  # type: ignore[arg-type]
        self.one = Conductor("eva: rollout", Operator("eva", folder), lambda one: None)  # type: ignore[arg-type,return-value]
        self.reader.begins(self.one, "R1", "C1", SimpleNamespace(events=lambda rollout: ()))  # type: ignore[arg-type]
        self.says(ev.RolloutStarted(kind, "C1", "lab", "shop", "v2", "d", HOSTS))  # type: ignore[arg-type]

    def says(self, *events: ev.Event) -> None:
        for event in events:
            self.reader.hears(self.one, event)

    def begins(self, host: str) -> None:
        self.says(ev.HostChanged(host, HostState.ACTIVATING))

    def asks(self, kind: str, argument: str = "", *, accepted: bool = True) -> None:
        self.says(ev.Asked(kind, "bob@laptop", "", argument, accepted))

    def broken(self) -> str:
        return "; ".join(self.watch.broken)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def _updated(scene: Scene, host: str) -> None:
    scene.begins(host)
    scene.says(ev.HostChanged(host, HostState.VERIFYING))
    scene.watch.images[host] = NEW
    scene.watch.records[host] = SimpleNamespace(done=True, intent=True, origin=SimpleNamespace(image_path=OLD))
    scene.says(ev.HostChanged(host, HostState.HEALTHY))


def test_what_is_so_is_silent(scene: Scene) -> None:
    _updated(scene, "web1")
    scene.says(ev.HostChanged("web1", HostState.ROLLING_BACK))
    scene.watch.images["web1"] = OLD
    scene.says(ev.HostChanged("web1", HostState.ROLLED_BACK))
    assert not scene.broken()


def _stopped(watch: FakeWatch) -> None:
    watch.down.add("web1")


def _another_image(watch: FakeWatch) -> None:
    watch.images["web1"] = OLD


def _forgotten(watch: FakeWatch) -> None:
    watch.records["web1"].done = False


@pytest.mark.parametrize("spoil", [_stopped, _another_image, _forgotten])
def test_a_host_that_is_not_what_it_is_told_to_be(scene: Scene, spoil: Any) -> None:
    _updated(scene, "web1")
    spoil(scene.watch)
    scene.says(ev.HostChanged("web1", HostState.HEALTHY))
    assert "web1 is told to run v2" in scene.broken()


@pytest.mark.parametrize("spoil", [_stopped, _another_image])
def test_a_host_that_stays_not_what_it_was_told_to_be(scene: Scene, spoil: Any) -> None:
    _updated(scene, "web1")
    spoil(scene.watch)
    scene.says(ev.Note("anything at all"))
    assert "web1 is told to run v2" in scene.broken()


def test_a_worker_is_ahead_of_the_words(scene: Scene) -> None:
    _updated(scene, "web1")
    scene.watch.touched.append(("web1", "R1", "C1"))
    _stopped(scene.watch)
    scene.says(ev.Note("anything at all"))
    assert not scene.broken()


def test_what_somebody_else_touched_is_not_compared(scene: Scene) -> None:
    _updated(scene, "web1")
    scene.watch.touched_by_others.add("web1")
    _stopped(scene.watch)
    scene.says(ev.Note("anything at all"))
    assert not scene.broken()


@pytest.mark.parametrize("kind", ["forward", "back"])
def test_a_host_that_is_told_to_be_back_and_is_not(tmp_path: Path, kind: str) -> None:
    scene = Scene(tmp_path, kind)
    scene.watch.images["web1"] = NEW
    scene.watch.records["web1"] = SimpleNamespace(done=True, intent=True, origin=SimpleNamespace(image_path=OLD))
    scene.says(ev.HostChanged("web1", HostState.ROLLING_BACK), ev.HostChanged("web1", HostState.ROLLED_BACK))
    assert "web1 is told to be back" in scene.broken()


def test_a_move_that_is_in_no_table(scene: Scene) -> None:
    scene.begins("web1")
    scene.says(ev.HostChanged("web1", HostState.STAGED))
    assert "activating -> staged" in scene.broken()


def test_an_excluded_host_begins(scene: Scene) -> None:
    scene.asks("exclude", "web2")
    scene.begins("web1")
    assert not scene.broken()
    scene.begins("web2")
    assert "web2 begins, and it was excluded" in scene.broken()


def test_an_excluded_host_that_is_to_be_tried_again_may_begin(scene: Scene) -> None:
    scene.asks("exclude", "web2")
    scene.asks("retry", "web2")
    scene.begins("web2")
    assert not scene.broken()


@pytest.mark.parametrize("word", ["pause", "abort-rollback", "abort-leave"])
def test_hosts_begin_after_a_word_that_was_accepted(scene: Scene, word: str) -> None:
    scene.begins("web1")
    scene.asks(word)
    scene.begins("web2")  # its turn may have been handed out just before
    assert not scene.broken()
    scene.begins("web3")
    assert f"web2, web3 begin after {word} was accepted" in scene.broken()


@pytest.mark.parametrize("ended_by", ["resume", "promote", "refused", "conductor"])
def test_hosts_that_begin_after_a_pause_has_ended(scene: Scene, ended_by: str) -> None:
    scene.asks("pause", accepted=ended_by != "refused")
    if ended_by == "conductor":
        scene.says(ev.RolloutStarted("forward", "C2", "lab", "shop", "v2", "d", HOSTS, resumed=True))  # type: ignore[arg-type]
    elif ended_by != "refused":
        scene.asks(ended_by)
    for host in HOSTS:
        scene.begins(host)
    assert not scene.broken()


def test_a_change_that_was_not_written_before(scene: Scene, tmp_path: Path) -> None:
    for command, recorded in (("first", False), ("second", True)):
        journal = Journal(tmp_path / "journal.db")
        if recorded:
            head = dict.fromkeys(("kind", "fleet", "app", "version", "digest", "undoes", "actor"), "")
            journal.begin("R1", conductor="C1", plan={}, **head)  # type: ignore[arg-type]
            journal.step_begin("R1", "web1", 30, "activate", "C1")
        journal.close()
        scene.watch.broken.clear()
        scene.reader.acts("web1", Cause(command, "R1", "C1", 1, "forward", "activate"))
        assert bool(scene.broken()) is not recorded, command


def test_going_on_without_a_canary_needs_a_word(scene: Scene) -> None:
    scene.says(ev.HoldChanged(Hold.PAUSED, PauseReason.NO_CANARY))
    assert not scene.reader.went_without_canary("R1")
    scene.asks("resume", accepted=False)
    assert not scene.reader.went_without_canary("R1")
    scene.asks("resume")
    assert scene.reader.went_without_canary("R1")


def test_who_is_on_the_way_back(scene: Scene) -> None:
    _updated(scene, "web1")
    scene.says(ev.HostChanged("web2", HostState.ROLLING_BACK))
    assert scene.reader.on_the_way_back("C1", "web1") == (True, ["web2"])
    scene.says(ev.HostFailed("web1", None))  # type: ignore[arg-type]
    assert scene.reader.on_the_way_back("C1", "web1") == (False, ["web2"])


def test_an_ended_rollout_is_not_compared_any_more(scene: Scene) -> None:
    _updated(scene, "web1")
    scene.says(ev.PhaseChanged(Phase.PREFLIGHT), ev.RolloutEnded(Outcome.SUCCEEDED, 0))
    _stopped(scene.watch)
    scene.says(ev.Note("a word after the end"))
    assert not scene.broken()
