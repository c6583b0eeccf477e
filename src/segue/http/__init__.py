"""Segue over HTTP: events in, memberships and transitions out."""
