"""Use cases, verb first, over the ports."""
