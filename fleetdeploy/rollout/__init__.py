"""The conductor: walks a plan, asks the policy, acts through the host verbs, reports. Start at ``conduct.py``."""
