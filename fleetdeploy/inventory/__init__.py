"""Which hosts there are and how to log in to them: YAML files → ``Fleet``, patterns, secrets.

``load.py`` reads a file, ``layers.py`` lays defaults, groups and host over one another, ``find.py`` chooses the file,
``patterns.py`` selects hosts, ``secrets.py`` reads the secrets that the file only names, ``duplicates.py`` finds one
machine under two names. Nothing here talks to a host.
"""

from __future__ import annotations

from fleetdeploy.inventory.duplicates import check_duplicates_by_machine_id
from fleetdeploy.inventory.find import find_inventory, list_inventories
from fleetdeploy.inventory.load import HostValue, Inventory, load_inventory, read_inventory
from fleetdeploy.inventory.patterns import select
from fleetdeploy.inventory.secrets import resolve

__all__ = [
    "HostValue",
    "Inventory",
    "check_duplicates_by_machine_id",
    "find_inventory",
    "list_inventories",
    "load_inventory",
    "read_inventory",
    "resolve",
    "select",
]
