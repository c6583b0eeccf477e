"""What the studio costs those who send events."""
