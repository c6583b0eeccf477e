"""Segue: behavioural segmentation. A segment is a set of time intervals per person."""
