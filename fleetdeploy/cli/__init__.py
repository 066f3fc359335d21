"""The command line. Commands call ``app`` and return results; ``output/`` draws them; ``main.py`` ends the process."""
