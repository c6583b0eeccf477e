"""The outside world: DuckDB, files. Unaware of each other."""
