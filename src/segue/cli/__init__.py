"""The command line: decode, call a service, encode."""
