"""What `--devices` names: GPUs, or shares of the CPU, and the environment in which a process sees no others.

Nothing here imports a backend: all of it has to be known before.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

_GPU, _CPU = "gpu", "cpu"
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_NO_GPU = "-1"


def read_devices(text: str) -> tuple[str, ...]:
    """The devices of a list such as `0,1` or `cpu:0,cpu:1`, as `gpu:0` or `cpu:0`.

    Raises:
        ValueError: the list names none, one of them twice, or GPUs next to CPUs.
    """
    devices = tuple(_read(name.strip().lower()) for name in text.split(","))
    if len(set(devices)) < len(devices):
        raise ValueError(f"expected each device once, received {text}")
    if len({is_gpu(device) for device in devices}) > 1:
        raise ValueError(f"expected devices of one kind, received {text}")
    return devices


def _read(name: str) -> str:
    kind, _, number = name.rpartition(":")
    if kind not in ("", _GPU, _CPU) or not number.isdecimal():
        raise ValueError(
            f"expected GPUs as 0,1 or shares of the CPU as cpu:0,cpu:1, received {name or 'nothing'}"
        )
    return f"{kind or _GPU}:{int(number)}"


def is_gpu(device: str) -> bool:
    """Whether it is a GPU, by its number among those that this process may see."""
    return device.startswith(_GPU)


def number_of(device: str) -> int:
    """The number of a device of its kind."""
    return int(device.partition(":")[2])


@contextmanager
def environment_of(devices: Sequence[str]) -> Iterator[None]:
    """Processes that start in the block see these devices only."""
    before = dict(os.environ)
    see_only(devices)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def see_only(devices: Sequence[str]) -> None:
    """TensorFlow and JAX, imported after it, see these devices only, in this order."""
    os.environ.update(_variables(devices, os.environ))


def _variables(devices: Sequence[str], now: Mapping[str, str]) -> dict[str, str]:
    if is_gpu(devices[0]):
        visible = [name for name in now.get(_VISIBLE, "").split(",") if name]
        numbers = [number_of(device) for device in devices]
        return {_VISIBLE: ",".join(visible[number] if visible else str(number) for number in numbers)}
    found = {_VISIBLE: _NO_GPU, "JAX_PLATFORMS": "cpu"}
    if len(devices) > 1:
        flag = f"--xla_force_host_platform_device_count={len(devices)}"
        found["XLA_FLAGS"] = f"{now.get('XLA_FLAGS', '')} {flag}".strip()
    return found
