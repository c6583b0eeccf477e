"""Verb-first use cases over the ports: evaluate, summarise, record, explain, erase.

Here is no SQL, no file, no clock and no terminal: the store is a port, `now` is an argument, and
tables are Arrow in memory.
"""
