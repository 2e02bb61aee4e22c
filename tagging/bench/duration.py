"""How long the measurements take, roughly: for a line at their start."""

from math import ceil
from typing import NamedTuple

from foundation.words import counted
from tagging.bench.figures import Plan
from tagging.bench.sounds import CLIP_S


class _Cost(NamedTuple):
    """Of a network, on two cores of an Intel Xeon of 2.1 GHz: to build and trace it, and of a clip in each round."""

    start_s: float
    clip_core_s: float


_STARTS_S = 40.0  # the processes that measure, and cleaning
_COSTS = {
    "simple_cnn": _Cost(10.0, 0.03),
    "mobilenet_v2": _Cost(40.0, 0.06),
    "resnet50": _Cost(25.0, 0.17),
    "yamnet": _Cost(20.0, 0.06),
    "mn": _Cost(25.0, 0.10),
}


def estimate_s(plan: Plan) -> float:
    """Seconds that a plan takes, within a factor of about two; GPUs are not thought of."""
    costs = [_COSTS[network] for network in plan.networks]
    n_clips = len(plan.files) * (plan.rounds + 1)  # one round traces
    return _STARTS_S + sum(cost.start_s + n_clips * cost.clip_core_s / plan.jobs for cost in costs)


def announcement(plan: Plan) -> str:
    """One line: what is measured, and about how long it takes."""
    minutes = counted(ceil(estimate_s(plan) / 60), "minute")
    clips, networks = counted(len(plan.files), "clip"), counted(len(plan.networks), "network")
    return (
        f"measuring {clips} of {CLIP_S:g} s with {networks} on {counted(plan.jobs, 'core')}: about {minutes}; "
        "each figure is printed once it is known, and all of them in a table at the end"
    )
