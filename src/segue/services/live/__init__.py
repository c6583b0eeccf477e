"""The live loop: events in, memberships exact at every instant, transitions out."""
