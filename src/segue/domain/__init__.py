"""Frozen nouns, ids, the error tree and the ports. Standard library only; no I/O, no clock."""
