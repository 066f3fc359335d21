"""The interpreter: scopes, binding, pipelines, errors. Start in ``interp.py``."""
