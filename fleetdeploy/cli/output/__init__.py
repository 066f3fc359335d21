"""Drawing: results (``render.py``), running rollouts (``live.py``, ``plain.py``); nothing else in the product prints."""
