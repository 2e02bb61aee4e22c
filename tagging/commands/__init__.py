"""Subcommands of `python -m tagging`: a file here is one, and its name is what users type.

The first line of its docstring is its line of `--help`; `add_arguments(parser)` declares its options, and `run(args)`
does the work and returns the exit code, with everything heavy imported inside. `INTERRUPTED`, if there is one, is what
Ctrl-C prints.
"""
