"""How much memory a training took."""

import resource
import sys


def peak_memory_mib() -> int:
    """The most main memory that this process ever had, in MiB: for all that it did so far, not one stage alone."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))  # bytes there, KiB elsewhere
