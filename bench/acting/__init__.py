"""How soon people are messaged."""
