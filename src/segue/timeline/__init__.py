"""Occurrences, Spans, their operators; evaluate, explain, quantiles. Arrays in, arrays out."""
