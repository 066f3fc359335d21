"""Deploys versioned Go binaries as Windows services over WinRM. The map is README.md beside this file."""

from __future__ import annotations

__version__ = "0.1.0"
