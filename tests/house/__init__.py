"""The structure of the repository, as tests: what the architecture promises, the build holds."""
