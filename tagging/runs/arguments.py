"""Runs on a command line. Imports nothing heavy."""

from foundation.inputs import existing

AUDIOSET = "audioset"  # the published network in place of a run folder, and its weights, which are downloaded
_RUN = ("a run folder", "train.py makes one")

run_folder = existing(*_RUN)
"""The path of a run or of a folder with runs, for argparse."""
run_or_audioset = existing(*_RUN, names=[AUDIOSET])
"""The same, or `audioset`."""
