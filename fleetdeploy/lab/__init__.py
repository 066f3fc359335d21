"""The lab: a simulated Windows fleet on loopback that unmodified WinRM clients talk to.

It is a peer, not a helper: it imports nothing of the product but ``fleetdeploy.errors``, knows nothing of the product's
scripts, and refuses loudly (``NotSimulated``) what it does not simulate. Start reading in ``fleet.py``.
"""
