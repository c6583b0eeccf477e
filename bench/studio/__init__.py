"""How soon the studio answers, and what it costs those who send events."""
