"""The API under /api/: real routes over a real socket, a real store, a real live loop."""
