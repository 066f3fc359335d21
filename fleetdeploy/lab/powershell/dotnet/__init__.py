""".NET types that simulated scripts may use, one table per type."""
