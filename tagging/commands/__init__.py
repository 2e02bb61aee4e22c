"""One file a subcommand of `python -m tagging`, and what `predict.py` does."""
