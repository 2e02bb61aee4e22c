"""What is no subcommand: the work of `predict.py`."""
