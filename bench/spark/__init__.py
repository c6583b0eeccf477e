"""Segue on Spark: how it grows with cores and with what is new, and what passes the driver."""
