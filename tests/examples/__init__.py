"""The examples on real data."""
