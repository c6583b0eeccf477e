"""Settings to adapters to Engine: the one room that reads the environment and the clock."""
