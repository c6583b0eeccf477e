"""Measures on top of memberships: arrays in, frozen results out."""
