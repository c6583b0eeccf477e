"""Random worlds on which the engine is compared with the oracle; `run` is the long run."""
