"""The templates and the guessing of actions."""
