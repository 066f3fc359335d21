"""Drawing: results (``render.py``) and running rollouts (``live.py``, ``plain.py``, ``ndjson.py``). The only printing."""
