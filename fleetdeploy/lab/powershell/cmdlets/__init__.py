"""Cmdlets of the simulated PowerShell, one table: ``registry.py``."""
