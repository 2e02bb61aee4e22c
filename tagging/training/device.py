"""What a stage trains on."""

from typing import Any

import tensorflow as tf

from tagging.cli import available_cores
from tagging.pipeline.settings import PipelineSettings


def gpus() -> list[Any]:
    """The GPUs that can be trained on."""
    return tf.config.list_physical_devices("GPU")


def device_name() -> str:
    """The GPU's name, or the CPU with its threads: `CPU (2 threads)`."""
    if found := gpus():
        return str(tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU"))
    threads = tf.config.threading.get_intra_op_parallelism_threads() or available_cores()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"


def makes_images(settings: PipelineSettings) -> bool:
    """Whether the device that trains makes images, too."""
    return bool(gpus()) if settings.device == "auto" else settings.device == "device"
