"""Versions of what computes a run."""

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("tensorflow", "keras", "jax", "numpy", "librosa", "soxr", "soundfile", "scikit-learn")


def versions() -> dict[str, str]:
    """Of Python and the installed packages that a result can depend on."""
    found = {name: _version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), **{name: number for name, number in found.items() if number}}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # TensorFlow comes under other names, too
        return None
