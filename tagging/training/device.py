"""What a stage trains on, in words."""

import tensorflow as tf

from tagging.cli import available_cores


def device_name() -> str:
    """The GPU's name, or the CPU with its threads: `CPU (2 threads)`."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    threads = tf.config.threading.get_intra_op_parallelism_threads() or available_cores()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"
