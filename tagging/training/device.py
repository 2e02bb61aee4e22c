"""What a stage trains on."""

from typing import Any

import keras
import tensorflow as tf

from foundation.errors import UserError
from tagging.cli import available_cores
from tagging.pipeline.settings import PipelineSettings


class DeviceError(UserError):
    """Work that cannot be done where the settings want it; the message is one line for the user."""


def gpus() -> list[Any]:
    """The GPUs that Keras's backend can train on."""
    if keras.backend.backend() == "jax":
        import jax  # noqa: PLC0415  not one of the requirements

        return [device for device in jax.devices() if device.platform == "gpu"]
    return tf.config.list_physical_devices("GPU")


def device_name(n: int = 1) -> str:
    """The GPU's name, or the CPU with its threads: `CPU (2 threads)`; `2 x NAME` of several that work together."""
    return f"{n} x {_name()}" if n > 1 else _name()


def _name() -> str:
    found = gpus()
    if found and keras.backend.backend() == "jax":
        return str(found[0].device_kind)
    if found:
        return str(tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU"))
    threads = tf.config.threading.get_intra_op_parallelism_threads() or available_cores()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"


def check_pipeline(settings: PipelineSettings) -> None:
    """Raises DeviceError if images are to be made on the host by a backend that tf.data cannot run."""
    if settings.device == "host" and keras.backend.backend() != "tensorflow":
        raise DeviceError(
            "pipeline.device=host: expected Keras's backend tensorflow, which tf.data can run, received "
            f"{keras.backend.backend()}; set pipeline.device=auto, or leave out KERAS_BACKEND"
        )


def makes_images(settings: PipelineSettings) -> bool:
    """Whether the device that trains makes images, too."""
    if settings.device == "auto":
        return bool(gpus()) or keras.backend.backend() != "tensorflow"
    return settings.device == "device"
