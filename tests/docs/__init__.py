"""The documentation, as tests: its examples run, and nothing public is missing from it."""
