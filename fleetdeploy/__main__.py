"""``python -m fleetdeploy``: the same as the ``fleetdeploy`` command."""

from fleetdeploy.cli.main import run

run()
