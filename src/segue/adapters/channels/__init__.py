"""Channels: how a message reaches somebody outside the product."""
