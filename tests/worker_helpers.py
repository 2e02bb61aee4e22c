"""Work for `tagging.training.workers` that imports nothing heavy."""

import os
import signal
import time
from pathlib import Path

from foundation.errors import UserError


def print_device(name: str) -> None:
    print(f"{name} sees {os.environ['CUDA_VISIBLE_DEVICES']}")


def fail(how: str) -> None:
    print("begun")
    if how == "refuse":
        raise UserError("no such clip")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise RuntimeError("a fault")


def wait_for_ever(begun: Path, ended: Path) -> None:
    try:
        begun.touch()
        time.sleep(60)
    finally:
        ended.touch()


def interrupt(parent: int, begun: Path) -> None:
    while not begun.exists():
        time.sleep(0.01)
    os.kill(parent, signal.SIGINT)
    time.sleep(60)
