"""Reading a config: defaults < YAML < `key=value`.

`train.KEY` speaks to every stage and `stages.NAME.KEY` to one; what comes later wins, so that `train.epochs=2` on
the command line also overrides epochs that the YAML file sets for a stage.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from foundation.setting_types import check_types
from foundation.words import nearest
from tagging.config.checks import check_config
from tagging.config.errors import ConfigError
from tagging.config.schema import Config
from tagging.config.yaml_text import read_overrides, read_yaml


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML file and `key=value` overrides into a checked `Config`.

    Raises:
        ConfigError: one line that names the key or file, what was expected and what was received.
    """
    merged = OmegaConf.structured(Config)
    if not Path(path).is_file():
        raise ConfigError(f"expected a config file, received {path}: no such file")
    with _named(f"{path}: "):
        merged = _merge_layer(merged, read_yaml(Path(path)))
    with _named():
        layer = read_overrides(overrides)
        _check_stage_names(layer, list(merged.stages))
        merged = _merge_layer(merged, layer)
    with _named(f"{path} and key=value: "):
        check_types(OmegaConf.to_container(merged, resolve=True), Config)
        config = OmegaConf.to_object(merged)
        assert isinstance(config, Config)  # noqa: S101  for the type checker
        check_config(config)
    return config


def save_config(config: Config, path: Path) -> None:
    """Write the whole config as YAML that `load_config` reads back."""
    OmegaConf.save(OmegaConf.structured(config), path)


def differing_keys(old: Any, new: Any, prefix: str = "") -> list[str]:
    """`key: old -> new` for every leaf in which two configs (as nested dicts) differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        pairs = [(key, old.get(key, "absent"), new.get(key, "absent")) for key in keys]
        return [line for key, a, b in pairs for line in differing_keys(a, b, f"{prefix}.{key}".lstrip("."))]
    return [] if old == new else [f"{prefix}: {old} -> {new}"]


@contextmanager
def _named(source: str = "") -> Iterator[None]:
    """Errors of OmegaConf, YAML and the parts' own checks as one line that names the source of the settings."""
    try:
        yield
    except ConfigError:
        raise
    except (OmegaConfBaseException, ValueError, TypeError, OSError) as error:
        raise ConfigError(f"{source}{_one_line(error)}") from error


def _merge_layer(merged: Any, layer: DictConfig) -> Any:
    """One more source of settings; its `train` reaches every stage before its own `stages` do."""
    check_types(OmegaConf.to_container(layer, resolve=False), Config)
    train, stages = layer.get("train", {}), layer.get("stages", {})
    rest = OmegaConf.masked_copy(layer, [str(key) for key in layer if key != "stages"])
    merged = OmegaConf.merge(merged, rest)
    defaults = OmegaConf.to_container(merged.train)
    spread = {
        name: OmegaConf.merge({} if name in merged.stages else defaults, train, stages.get(name) or {})
        for name in dict.fromkeys([*merged.stages, *stages])
    }
    return OmegaConf.merge(merged, {"stages": spread})


def _check_stage_names(layer: DictConfig, known: list[str]) -> None:
    """The command line speaks to stages that the file has; it makes no new ones."""
    stages = layer.get("stages")
    for name in stages if isinstance(stages, DictConfig) else []:
        if name not in known:
            raise ConfigError(f"stages.{name}: expected a stage out of {known}.{nearest(str(name), known)}")


def _one_line(error: Exception) -> str:
    """OmegaConf's first line, with the whole key that it names further down."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    keys = [line.removeprefix("full_key: ") for line in lines if line.startswith("full_key: ")]
    return " ".join([f"{keys[0]}:" if keys and keys[0] not in lines[0] else "", lines[0]]).strip()
