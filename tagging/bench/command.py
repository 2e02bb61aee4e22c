"""`python -m tagging bench`: each step in a process of its own, as TensorFlow's threads are set once in each."""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from itertools import chain
from multiprocessing import get_context
from typing import Any

from tqdm import tqdm

from foundation.claims import claimed
from foundation.files import write_atomic
from foundation.scratch import scratch_folder
from tagging.bench.figures import Figure, Plan, as_json, as_text
from tagging.bench.sounds import write_sounds
from tagging.cli import backend

APART = {"machine": False, "cleaning": False, "training": False, "tagging": True}
"""The steps, functions of `measures`; whether several threads call networks, each with one core."""


def bench(args: argparse.Namespace) -> int:
    """Measure, print a table, and write JSON if it is asked for. An exit code."""
    with claimed("bench", {"--out": args.out}), scratch_folder("tagging-bench-") as folder:
        (folder / "raw").mkdir()
        files = write_sounds(folder / "raw", args.clips)
        plan = Plan(files, folder / "clean", args.networks, args.jobs, args.batch_size, args.rounds)
        machine, *found = (_alone(step, plan) for step in tqdm(APART, "measuring", disable=None))
        figures: list[Figure] = list(chain.from_iterable(found))
        if args.out:
            write_atomic(args.out, (json.dumps(as_json(machine, figures), indent=2) + "\n").encode())
    print(as_text(machine, figures))
    return 0


def _alone(step: str, plan: Plan) -> Any:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, step, plan).result()


def _measured(step: str, plan: Plan) -> Any:
    """In a process of its own."""
    backend.quiet_tensorflow(plan.jobs, calls_apart=APART[step])
    return getattr(import_module("tagging.bench.measures"), step)(plan)
