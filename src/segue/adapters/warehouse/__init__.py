"""Databases of others: events read by a query, memberships and transitions written as tables.

Everything goes through ADBC drivers, which carry Arrow: PostgreSQL's is tested against a real
server; those of other databases are found by the scheme of the address.
"""

from segue.adapters.warehouse.databases import opened
from segue.adapters.warehouse.reading import read_query
from segue.adapters.warehouse.writing import SCHEMA, Written, latest_transition, write_tables

__all__ = ["SCHEMA", "Written", "latest_transition", "opened", "read_query", "write_tables"]
