"""Layers before and behind every front end, and the one of features that were computed offline."""
