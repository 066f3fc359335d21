"""Nouns: frozen dataclasses without I/O and without a clock. Every floor above may import them."""
