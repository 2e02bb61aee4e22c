"""Reading a config: defaults < the YAML file that it names as `base` < YAML < `key=value`.

`train.KEY` speaks to every stage and `stages.NAME.KEY` to one; what comes later wins, so that `train.epochs=2` on
the command line also overrides epochs that the YAML file sets for a stage.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from omegaconf import BooleanNode, DictConfig, FloatNode, IntegerNode, OmegaConf, StringNode
from omegaconf.errors import OmegaConfBaseException, ValidationError

from foundation.files import write_atomic
from foundation.setting_types import check_types, kinds_of, without_null
from foundation.settings import as_dict, made
from foundation.words import nearest
from tagging.config.checks import check_config
from tagging.config.errors import ConfigError
from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.config.yaml_text import literal, read_overrides, read_yaml

BASE = "base"  # the key of a file, not a setting
_CONFIGS = Path("configs")  # where the program's own are
_NODES: dict[Any, Any] = {int: IntegerNode, float: FloatNode, bool: BooleanNode, str: StringNode}


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML file and `key=value` overrides into a checked `Config`.

    Raises:
        ConfigError: one line that names the key or file, what was expected and what was received.
    """
    merged = as_dict(Config())
    for file, layer in _files(Path(path)):
        with _named(f"{file}: "):
            merged = _merge_layer(merged, layer)
    with _named():
        layer = read_overrides(overrides)
        _check_stage_names(layer, list(merged["stages"]))
        merged = _merge_layer(merged, layer)
    with _named(f"{path} and key=value: "):
        values = _converted(_resolved(merged), Config)
        check_types(values, Config)
        config: Config = made(values, Config)
        check_config(config)
    return config


def config_files(path: Path) -> list[Path]:
    """A config file, after those that it is built on.

    Raises:
        ConfigError: as `load_config`.
    """
    return [file for file, _ in _files(path)]


def _files(path: Path, above: tuple[Path, ...] = ()) -> list[tuple[Path, DictConfig]]:
    """A file's settings, after those of the file that it names as its `base`, relative to its own folder."""
    if not path.is_file():
        named = f" as the base of {above[-1]}" if above else ""
        raise ConfigError(
            f"expected a config file{named}, received {path}: no such file{_known_configs(path)}"
        )
    if path.resolve() in above:
        raise ConfigError(f"{path}: expected a base that is built on other files, received one in a circle")
    with _named(f"{path}: "):
        layer = read_yaml(path)
        base = layer.pop(BASE, None)
        if base is None:
            return [(path, layer)]
        if not isinstance(base, str):
            raise ConfigError(f"expected the path of a config file for {BASE}, received {base!r}")
    lower = path.parent / Path(base).expanduser()
    return [*_files(lower, (*above, path.resolve())), (path, layer)]


def _known_configs(path: Path) -> str:
    """What follows on the name of a config that is not there."""
    known = [str(each) for each in sorted(_CONFIGS.rglob("*.yaml"))]
    if not known:
        return f"; {_CONFIGS}/ is in the folder of the program, run the command there"
    return f"; configs are in {_CONFIGS}/.{nearest(str(path), known)}"


def save_config(config: Config, path: Path) -> None:
    """Write the whole config as YAML that `load_config` reads back."""
    write_atomic(path, OmegaConf.to_yaml(OmegaConf.create(literal(as_dict(config)))).encode())


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


def _merge_layer(merged: dict, layer: DictConfig) -> dict:
    """One more source of settings; its `train` reaches every stage before its own `stages` do."""
    own: Any = OmegaConf.to_container(layer, resolve=False)
    check_types(own, Config)
    stages = layer.get("stages", {})  # resolves a stage that stands for another one
    merged = _merge(merged, {key: value for key, value in own.items() if key != "stages"}, merged)
    new = _merge(as_dict(StageSettings()), merged["train"], merged)
    for name in dict.fromkeys([*merged["stages"], *stages]):
        known = merged["stages"].get(name)
        stage = OmegaConf.to_container(OmegaConf.create(stages.get(name) or {}), resolve=False)
        settings = _merge(known, own.get("train", {}), merged) if known else new
        settings = _merge(settings, stage, merged)
        merged = {**merged, "stages": {**merged["stages"], name: settings}}
    return merged


def _merge(old: Any, new: Any, whole: dict) -> dict:
    """Merge mappings key by key; an interpolation is first replaced by the mapping of `whole` that it stands for."""
    if isinstance(old, str) and "${" in old:
        old = _resolved({**whole, "": old})[""]
    if not isinstance(old, Mapping):
        return dict(new)
    pairs = {
        key: _merge(old.get(key), value, whole) if isinstance(value, Mapping) else value
        for key, value in new.items()
        if value != "???"  # OmegaConf's word for a value that is left to others
    }
    return {**old, **pairs}


def _resolved(values: dict) -> Any:
    """Interpolations replaced by what they stand for."""
    if "${" not in str(values):
        return values  # OmegaConf's nodes take long to make
    return OmegaConf.to_container(OmegaConf.create(values), resolve=True)


def _converted(value: Any, kind: Any) -> Any:
    """Whole numbers as floats, numbers as text, and text from an interpolation as a number, where that is the type."""
    kind, _ = without_null(kind)
    if isinstance(value, Mapping) and is_dataclass(kind):
        return {name: _converted(each, kinds_of(kind).get(name, Any)) for name, each in value.items()}
    if isinstance(value, Mapping) and get_origin(kind) is dict:
        return {name: _converted(each, get_args(kind)[1]) for name, each in value.items()}
    if isinstance(value, list) and get_origin(kind) is tuple and not is_dataclass(get_args(kind)[0]):
        return [_converted(each, get_args(kind)[0]) for each in value]
    if kind not in _NODES or type(value) is kind or not isinstance(value, int | float | str):
        return value
    try:
        return value if isinstance(value, bool) else _NODES[kind](value)._value()
    except ValidationError:
        return value  # check_types says what is expected


def _check_stage_names(layer: DictConfig, known: list[str]) -> None:
    """The command line speaks to stages that the file has; it makes no new ones."""
    stages = layer.get("stages")
    for name in stages if isinstance(stages, DictConfig) else []:
        if name not in known:
            raise ConfigError(
                f"stages.{name}: expected a stage out of {', '.join(known)}.{nearest(str(name), known)}"
            )


def _one_line(error: Exception) -> str:
    """OmegaConf's first line, with the whole key that it names further down."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    keys = [line.removeprefix("full_key: ") for line in lines if line.startswith("full_key: ")]
    return " ".join([f"{keys[0]}:" if keys and keys[0] not in lines[0] else "", lines[0]]).strip()
