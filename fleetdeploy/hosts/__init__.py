"""Everything that is said to a Windows host. ``verbs.py`` is the door; ``session.py`` the seam below it."""
