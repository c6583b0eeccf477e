"""Measurements and proofs of insight."""
