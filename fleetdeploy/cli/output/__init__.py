"""Drawing: results (``render.py``) and running rollouts (``live.py``, ``plain.py``). Nothing else prints."""
