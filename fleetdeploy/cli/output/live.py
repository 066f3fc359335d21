"""The live view on a terminal: hosts, batch, gate and bake countdown, with the log scrolling above it.

Only draws what events said; keeps no truth of its own. A picture that cannot be drawn is given up, and what remains is
``plain.py``, the same without a terminal: no rollout ever stops because of its view.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fleetdeploy.cli.output.plain import PlainReporter
from fleetdeploy.cli.output.safe import safe
from fleetdeploy.cli.output.wording import (
    PHASE_TEXTS,
    REASON_TEXTS,
    STATE_STYLES,
    hosts_text,
    seconds_text,
    sentences,
    size_text,
)
from fleetdeploy.cli.retype import retyped
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Hold, HostState, Phase

_ROWS = 24
_HEAD_ROWS = 8  # the lines above the hosts, and a few of the log
_BUSY = (HostState.ACTIVATING, HostState.VERIFYING, HostState.ROLLING_BACK, HostState.UNHEALTHY, HostState.UNKNOWN)


def _style(event: ev.Event) -> str:
    """What must not be missed in the log."""
    match event:
        case ev.HostFailed() | ev.Turned():
            return "red"
        case ev.HoldChanged() | ev.Asked() | ev.Note(level="warning" | "error"):
            return "yellow"
        case ev.RolloutEnded():
            return "bold"
        case _:
            return ""


class LiveReporter(PlainReporter):
    """Draws on a rich console until ``close``; safe to be called from several threads."""

    def __init__(self, console: Console | None = None) -> None:
        super().__init__()
        self._console = console or Console(highlight=False)
        self._lock = threading.Lock()
        self._headline = ""
        self._phase = Phase.PLANNED
        self._ends: float | None = None  # of a wait
        self._hosts: dict[str, tuple[HostState, str, str]] = {}
        self._progress: dict[str, str] = {}
        self._batch = ""
        self._gate = ""
        self._bake = ""
        self._live = Live(console=self._console, refresh_per_second=8, get_renderable=self._draw, transient=True)
        self._drawing = True
        self._live.start()

    def report(self, event: ev.Event) -> None:
        """Takes the event into the picture and prints its sentences above it."""
        if not self._drawing:
            super().report(event)
            return
        try:
            with self._lock:
                self._absorb(event)
            if isinstance(event, ev.Heartbeat):
                return
            stamp = datetime.now(UTC).strftime("%H:%M:%SZ")
            style = _style(event)
            for line in sentences(event):
                self._console.print(Text(f"{stamp} {retyped(safe(line))}", style))
        except Exception:  # noqa: BLE001 - whatever breaks the picture must not break the rollout
            self._drawing = False
            self.close()
            super().report(event)

    def close(self) -> None:
        """Takes the picture away; the log above it stays."""
        with contextlib.suppress(Exception):
            self._live.stop()

    def _absorb(self, event: ev.Event) -> None:
        match event:
            case ev.RolloutStarted():
                self._headline = f"{event.app} {event.version} on {event.fleet}"
                self._hosts = dict.fromkeys(event.hosts, (HostState.PENDING, "", ""))
            case ev.PhaseChanged(phase):
                self._phase = phase
                if phase is not Phase.BAKING:
                    self._bake = ""
            case ev.BatchStarted(index, of, _, is_canary):
                self._batch = "canary" if is_canary else f"batch {index + 1}/{of}"
            case ev.HostChanged(host, state, detail, label):
                known = self._hosts.get(host, (state, "", ""))
                self._hosts[host] = (state, label or known[1], detail)
                self._progress.pop(host, None)
            case ev.StageProgress(host, sent, total):
                self._progress[host] = f"{size_text(sent)} of {size_text(total)}"
            case ev.ProbeSeen(host, good, detail):
                self._progress[host] = "good sample" if good else f"bad sample: {detail}"
            case ev.GateDecided():
                self._ends = None
                self._gate = f"{event.decision}, {REASON_TEXTS.get(event.reason, event.reason.replace('-', ' '))}"
            case ev.BakeProgress(healthy, needed, hosts):
                self._bake = f"{seconds_text(healthy)} of {seconds_text(needed)} healthy on {hosts_text(hosts)}"
            case ev.HoldChanged():
                self._gate = event.hold.value.replace("_", " ") if event.hold is not Hold.NONE else ""
                self._ends = None if event.ends_in_s is None else time.monotonic() + event.ends_in_s
            case _:
                pass

    def _draw(self) -> Group:
        try:
            return self._picture()
        except Exception:  # noqa: BLE001 - rich draws in a thread of its own, where nobody would catch it
            self._drawing = False
            return Group()

    def _picture(self) -> Group:
        with self._lock:
            head = Text.assemble(
                (safe(self._headline), "bold"), "  ", PHASE_TEXTS[self._phase].partition(":")[0], "  ", self._batch
            )
            lines = [head]
            if self._gate:
                left = "" if self._ends is None else f", {seconds_text(max(0.0, self._ends - time.monotonic()))} left"
                lines.append(Text(f"gate  {self._gate}{left}"))
            if self._bake:
                lines.append(Text(f"bake  {self._bake}"))
            counts = Counter(state for state, _, _ in self._hosts.values())
            lines.append(Text("  ".join(f"{state.value.replace('_', ' ')} {count}" for state, count in counts.items())))
            return Group(*lines, self._table())

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        for _ in range(4):
            table.add_column(overflow="ellipsis", no_wrap=True)
        # Hosts that need eyes first; a large fleet shows the rest as counts only.
        names = sorted(self._hosts, key=lambda name: self._hosts[name][0] not in _BUSY)
        rows = max(3, min(_ROWS, self._console.size.height - _HEAD_ROWS))
        for name in names[:rows]:
            state, label, detail = self._hosts[name]
            style = STATE_STYLES.get(state, "")
            table.add_row(
                Text(name),
                Text(state.value.replace("_", " "), style),
                Text(safe(label)),
                Text(safe(self._progress.get(name) or detail)),
            )
        if len(names) > rows:
            table.add_row(Text(f"… and {len(names) - rows} more"), Text(""), Text(""), Text(""))
        return table
