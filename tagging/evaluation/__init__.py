"""Exact scores of a clips x classes matrix: one file a kind of task. NumPy, SciPy and scikit-learn only."""
