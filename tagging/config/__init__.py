"""The schema of all settings: what it consists of, how it is read, and what fits together."""
