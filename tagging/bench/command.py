"""`python -m tagging bench`: each step in a process of its own, as TensorFlow's threads are set once in each."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from itertools import chain
from multiprocessing import get_context
from typing import Any, TypeVar

from foundation.claims import claimed
from foundation.files import write_atomic
from foundation.scratch import scratch_folder
from tagging.bench.duration import announcement
from tagging.bench.figures import Figure, Plan, as_json, as_text, line_of
from tagging.bench.sounds import write_sounds
from tagging.cli import backend

T = TypeVar("T")

APART = {"cleaning": False, "training": False, "tagging": True}
"""The steps, functions of `measures`; whether several threads call networks, each with one core."""


def bench(args: argparse.Namespace) -> int:
    """Measure, print each figure once it is known, then a table, and write JSON if it is asked for. An exit code."""
    with claimed("bench", {"--out": args.out}), scratch_folder("tagging-bench-") as folder:
        (folder / "raw").mkdir()
        files = write_sounds(folder / "raw", args.clips)
        plan = Plan(files, folder / "clean", args.networks, args.jobs, args.batch_size, args.rounds)
        print(announcement(plan), file=sys.stderr, flush=True)
        machine = _alone(_described, plan, calls_apart=False)
        measured = [_alone(_measured, plan, step, calls_apart=apart) for step, apart in APART.items()]
        figures: list[Figure] = list(chain.from_iterable(measured))
        if args.out:
            write_atomic(args.out, (json.dumps(as_json(machine, figures), indent=2) + "\n").encode())
    print(as_text(machine, figures))
    return 0


def _alone(work: Callable[..., T], plan: Plan, *given: str, calls_apart: bool) -> T:
    """What is returned by `work`, in a process of its own."""
    start = partial(backend.quiet_tensorflow, plan.jobs, calls_apart=calls_apart)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=start) as pool:
        return pool.submit(work, plan, *given).result()


def _described(plan: Plan) -> dict[str, Any]:
    return import_module("tagging.bench.measures").machine(plan)


def _measured(plan: Plan, step: str) -> list[Figure]:
    figures, start = [], time.perf_counter()
    for figure in getattr(import_module("tagging.bench.measures"), step)(plan):
        figures.append(figure)
        seconds, start = time.perf_counter() - start, time.perf_counter()
        print(f"{line_of(figure)}  ({seconds:.0f} s)", file=sys.stderr, flush=True)
    return figures
