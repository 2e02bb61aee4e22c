"""Trained runs as files for other programs, each compared with the run that it came from."""
