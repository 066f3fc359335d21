"""Pure planning: what would happen, as data. Imports nothing but the model. Start reading at ``build.py``."""
