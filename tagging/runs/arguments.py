"""Runs on a command line. Imports nothing heavy."""

from collections.abc import Callable
from pathlib import Path

from foundation.inputs import existing

AUDIOSET = "audioset"  # the published network in place of a run folder, and its weights, which are downloaded


def run_or(*names: str) -> Callable[[str], Path]:
    """A type for argparse: the path of a run or of a folder with runs, or one of these names, which stand for none."""
    return existing("a run folder", "train.py makes one", names)


run_folder = run_or()
run_or_audioset = run_or(AUDIOSET)
