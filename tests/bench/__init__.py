"""Measurements, side by side with what one would use otherwise. Not tests: ``python -m tests.bench.bench_hosts``."""
