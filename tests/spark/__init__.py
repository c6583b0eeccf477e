"""Segue on a real cluster of Apache Spark: one master and two workers, processes of their own."""
