"""The devices of a command, as `--devices` names them, before anything computes. Imports no backend on its own."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from foundation.devices import is_gpu, number_of, see_only
from foundation.errors import UserError
from tagging.cli import backend


class DevicesError(UserError):
    """Devices that this machine lacks, or that cannot share this work; the message is one line for the user."""


def start_on(devices: Sequence[str], jobs: int) -> None:
    """Import TensorFlow for `jobs` cores and, if any are named, these devices alone.

    Raises:
        DevicesError: a device that is not there.
    """
    check_devices(devices)
    if devices:
        see_only(devices)
    backend.quiet_tensorflow(jobs)
    import keras
    import tensorflow as tf

    if len(devices) > 1 and not is_gpu(devices[0]) and keras.backend.backend() == "tensorflow":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * len(devices)
        )


def start_for_workers(devices: Sequence[str], jobs: int) -> None:
    """Import TensorFlow for a process that computes on no GPU, as these devices are for its workers.

    Raises:
        DevicesError: a device that is not there.
    """
    check_devices(devices)
    backend.quiet_tensorflow(jobs)
    import keras
    import tensorflow as tf

    tf.config.set_visible_devices([], "GPU")
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_platforms", "cpu")  # not in the environment, which workers share


def check_devices(devices: Sequence[str]) -> None:
    """Raises DevicesError for a GPU that is not there, with those that are."""
    if not any(map(is_gpu, devices)):
        return
    n = count_gpus()
    if absent := [device for device in devices if number_of(device) >= n]:
        cpus = "cpu:0, cpu:1 ..."
        there = f"{', '.join(map(str, range(n)))}, or {cpus}" if n else f"{cpus}, as no GPU is seen here"
        raise DevicesError(f"--devices: expected {there}, received {', '.join(absent)}")


def count_gpus() -> int:
    """GPUs that Keras's backend sees, counted by a process that ends and leaves them free."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_count_gpus).result()


def _count_gpus() -> int:
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # of JAX, which else takes most of their memory
    with backend.without_notices():
        from tagging.training.device import gpus

        return len(gpus())
