"""Settings to adapters to Engine; the only reader of the environment."""
