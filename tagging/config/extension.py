"""Configs that extend another: a file with a `base` and the settings that differ."""

import os
from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from foundation.files import write_atomic
from foundation.streams import is_stream
from tagging.config.load import BASE
from tagging.config.yaml_text import literal, read_overrides


def save_extension(base: Path, overrides: Sequence[str], path: Path) -> None:
    """Write YAML that `load_config` reads as it reads `base` with these overrides (`key=value`).

    Args:
        base: a config file; named relative to the folder of `path`, as configs name theirs.
        overrides: the settings that differ; of those with the same key the last counts.
        path: the new file. A pipe or a device is in no folder that counts: there `base` is an absolute path.

    Raises:
        ValueError: an override that cannot be read.
    """
    there = base.parent.resolve() / base.name
    named = there if is_stream(path) else Path(os.path.relpath(there, path.parent.resolve()))
    head = OmegaConf.to_yaml(OmegaConf.create({BASE: literal(str(named))}))
    body = OmegaConf.to_yaml(read_overrides(overrides)) if overrides else ""
    write_atomic(path, (head + body).encode())
