"""Segue beside its peers: the same questions, the same log, the same machine, the same run."""
