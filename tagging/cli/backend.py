"""Imports TensorFlow for a number of cores, without its notices."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tagging.cli import available_cores

IN_CALLER = -1  # of TensorFlow's threads: operations run where their function was called


def quiet_tensorflow(jobs: int, *, calls_apart: bool = False) -> None:
    """Import TensorFlow for `jobs` cores, without the notices it prints before its own log level takes effect.

    Args:
        jobs: cores to use.
        calls_apart: `jobs` threads call networks, and each call runs in its own thread alone, which takes half the time
            for small networks; else the cores share each operation.
    """
    with without_notices():
        import keras  # noqa: PLC0415
        import tensorflow as tf  # noqa: PLC0415

        if calls_apart or jobs < available_cores():
            _limit_threads(tf, 1 if calls_apart else jobs, IN_CALLER if calls_apart else jobs)
        tf.get_logger().setLevel("ERROR")  # its advice on tracing is for those who write the code
        tf.config.list_physical_devices()
        if keras.backend.backend() == "jax":
            tf.config.set_visible_devices([], "GPU")  # whose memory is JAX's: TensorFlow reads files only


@contextmanager
def without_notices() -> Iterator[None]:
    """Nothing that TensorFlow prints while it is imported and finds its devices reaches stderr; settings stay."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        os.dup2(notices.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _limit_threads(tf: Any, of_operation: int, at_a_time: int) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(of_operation)
        tf.config.threading.set_inter_op_parallelism_threads(at_a_time)
    except RuntimeError:  # TensorFlow has run in this process already, and keeps the threads it has
        return
