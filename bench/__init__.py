"""Side-by-side measurements of Segue against DuckDB and chDB. Never imported by the product."""
