"""Durability and threads: journal, requests, executor, interrupt. Knows neither Windows nor strategies."""
