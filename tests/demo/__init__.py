"""The demo's world and its segments."""
