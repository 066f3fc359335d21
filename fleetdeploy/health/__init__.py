"""Checks made from the controller: one file each, one table (``PROBES``)."""
