"""Readers, one a file: each takes a published layout and returns the clip table."""
