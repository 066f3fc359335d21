"""The simulated Windows: files, registry, services, processes, event log, network. Start in ``host.py``."""
