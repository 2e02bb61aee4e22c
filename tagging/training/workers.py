"""Processes that train on devices of their own, several at once; what they print comes out line by line.

Imports no backend, as workers import this file before they do.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from foundation.devices import environment_of
from foundation.processes import end_with_parent, workers_ignore_interrupt
from tagging.cli import running

_PATIENCE_S = 30  # for a worker to end, before it is killed


@dataclass(frozen=True)
class Work:
    """What one worker does.

    Attributes:
        label: stands before each of its lines.
        call: a function of a module that imports no backend, of `arguments`.
        arguments: of `call`, and can be sent to another process.
    """

    label: str
    call: Callable[..., None]
    arguments: tuple[Any, ...]


def work_on(devices: Sequence[str], works: Sequence[Work]) -> dict[str, str]:
    """Do each of them in a process that sees one of the devices, as many at once as there are devices.

    One that fails costs the others nothing. However this ends, no worker is left.

    Returns:
        Label -> reason, of those that failed.
    """
    waiting, free = list(works), list(devices)
    running: list[_Running] = []
    failed: dict[str, str] = {}
    try:
        while waiting or running:
            while waiting and free:
                running.append(_Running.start(waiting.pop(0), free.pop(0)))
            wait([handle for each in running for handle in each.handles])
            for each in running:
                each.print_lines()
            for each in [each for each in running if not each.process.is_alive()]:
                running.remove(each)
                free.append(each.device)
                if reason := each.failure():
                    failed[each.work.label] = reason
    finally:
        for each in running:
            each.process.terminate()
        for each in running:
            each.end()
    return failed


@dataclass
class _Running:
    """A worker's process, and what it has printed of a line."""

    work: Work
    device: str
    process: Any
    output: Connection
    begun: bytes = b""
    last: str = ""
    is_open: bool = field(default=True)

    @classmethod
    def start(cls, work: Work, device: str) -> "_Running":
        output, theirs = Pipe(duplex=False)
        process = get_context("spawn").Process(target=_work, args=(theirs, work))
        with environment_of((device,)), workers_ignore_interrupt():
            process.start()
        theirs.close()
        os.set_blocking(output.fileno(), False)
        return cls(work, device, process, output)

    @property
    def handles(self) -> list[Any]:
        """What is ready when there is something to print, or the process has ended."""
        return [self.process.sentinel, *([self.output] if self.is_open else [])]

    def print_lines(self) -> None:
        """Print the lines that are whole by now; at the end of its output the rest, too."""
        while self.is_open:
            try:
                found = os.read(self.output.fileno(), 2**16)
            except BlockingIOError:
                return
            self.is_open = bool(found)
            *lines, self.begun = (self.begun + (found or b"\n")).split(b"\n")
            for line in filter(None, lines):
                self.last = line.decode(errors="replace")
                print(f"{self.work.label} | {self.last}", flush=True)

    def failure(self) -> str | None:
        """Why the process, which has ended, did not do its work."""
        self.print_lines()
        self.output.close()
        code = self.process.exitcode
        if code and code < 0:
            return f"its process was ended by signal {-code}{' (out of memory?)' if code == -9 else ''}"
        return (self.last.removeprefix("error: ") or f"exit code {code}") if code else None

    def end(self) -> None:
        """Wait until the process, which was told to, has ended."""
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.output.close()


def _work(output: Connection, work: Work) -> None:
    """In a worker."""
    end_with_parent()
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]

    def call() -> int:
        work.call(*work.arguments)
        return 0

    sys.exit(running.exit_code(call, prefix="", interrupted="its last backup is kept"))
