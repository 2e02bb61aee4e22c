"""Tags for audio files and arrays: `from tagging import Tagger`, `python -m tagging tag`. Imports nothing heavy."""
