"""The language: a subset of Windows PowerShell that is never wrong and may refuse. Start in ``engine.py``."""
