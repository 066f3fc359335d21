"""Which reporter shows a rollout: NDJSON, the live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetdeploy.cli.output.plain import JsonReporter, PlainReporter


@contextmanager
def reporter_of(output: str) -> Iterator[PlainReporter | JsonReporter]:
    """The reporter for ``--output``, put away afterwards."""
    from fleetdeploy.cli.output.plain import JsonReporter, PlainReporter

    reporter: PlainReporter | JsonReporter
    if output == "json":
        reporter = JsonReporter()
    elif sys.stdout.isatty():
        from fleetdeploy.cli.output.live import LiveReporter

        reporter = LiveReporter()
    else:
        reporter = PlainReporter()
    try:
        yield reporter
    finally:
        reporter.close()


def say_ignored(why: str) -> None:
    """A project file that was left aside: said on stderr, so that JSON stays JSON."""
    if why:
        from fleetdeploy.cli.output.safe import safe

        sys.stderr.write(f"warning: the project file is not used, going by what the hosts remember: {safe(why)}\n")
