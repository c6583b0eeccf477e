"""Apache Spark: the same timeline code inside every partition, for events beyond one machine.

Nothing here says what a condition means: a partition runs `adapters.extract` on an in-memory
DuckDB and `segue.timeline` on what that gives. Spark reads, joins, shuffles and writes.
"""
