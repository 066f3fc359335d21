"""The store behind the journal: where it lies, its tables, its two backends, its chain. Start in ``../journal.py``."""
