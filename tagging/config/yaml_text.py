"""YAML of configs, of files and of `key=value`, with one line for every mistake in it."""

import json
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from foundation.text import spelt
from tagging.config.schema import Config
from tagging.config.yaml_labels import kind_at, with_quotes

_OVERRIDE = re.compile(r"((?:[^=\\]|\\.)+)=(.*)", re.DOTALL)
"""KEY=VALUE; a backslash before `=` makes it a part of the key."""
_NAME = re.compile(r"(?:[^.\[\]\\]|\\.)+")
"""A part of KEY, between dots or in brackets."""

_INTERPOLATION = re.compile(r"(\\*)\$\{")
"""What OmegaConf replaces, and the backslashes before it, which count."""
_PLAIN = re.compile(r"[\w./-]+", re.ASCII)
"""Text that needs no quotes, unless it is a number or a word of YAML's."""


def literal(value: Any) -> Any:
    """A value whose texts are read back as they are: `${` in them is not an interpolation."""
    if isinstance(value, str):
        return _INTERPOLATION.sub(lambda match: 2 * match[1] + r"\${", value)
    if isinstance(value, dict):
        return {key: literal(each) for key, each in value.items()}
    return [literal(each) for each in value] if isinstance(value, list | tuple) else value


def override(key: str, value: str | list[str]) -> str:
    """`key=value` that `read_overrides` reads back as this text, or list of texts; all of it can be printed.

    Text with surrogates, such as a file name that is not UTF-8, has no form in YAML and is not read back.
    """
    if isinstance(value, str) and _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return f"{key}={value}"
    return f"{key}={spelt(json.dumps(literal(value), ensure_ascii=False))}"


def read_yaml(path: Path) -> DictConfig:
    """The keys and values of a file.

    Raises:
        ValueError: the line of the file and what is wrong there.
        OSError: a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        layer = OmegaConf.load(StringIO(with_quotes(text, Config)))
    except UnicodeDecodeError:
        raise ValueError("expected text in UTF-8, received other bytes; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise ValueError(_fault(error, text)) from error
    if not isinstance(layer, DictConfig):
        raise ValueError("expected the file to be a mapping of keys to values, received a list")  # noqa: TRY004
    return layer


def read_overrides(overrides: Sequence[str]) -> DictConfig:
    """`key=value` as a file with these keys would be read.

    Raises:
        ValueError: the one that cannot be read.
    """
    quoted = [_with_quotes(text) for text in overrides]
    for text, same in zip(overrides, quoted, strict=True):
        if "=" not in text or text.startswith("="):
            raise ValueError(f"expected key=value, received {text!r}")
        try:
            OmegaConf.from_dotlist([same])
        except yaml.YAMLError as error:
            problem = getattr(error, "problem", None) or "not YAML"
            raise ValueError(
                f"expected key=value with a value that YAML can read, received {text!r} ({problem}); close brackets "
                "and quotes, and put special characters in quotes"
            ) from error
    return OmegaConf.from_dotlist(quoted)


def _with_quotes(override: str) -> str:
    if not (match := _OVERRIDE.fullmatch(override)):
        return override
    key, value = match.groups()
    kind, is_item = kind_at(_NAME.findall(key), Config)
    return f"{key}={with_quotes(value, kind, is_item=is_item)}"


def _fault(error: yaml.YAMLError, text: str) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    number, begun = error.problem_mark.line, error.context_mark
    line = "".join(text.splitlines()[number : number + 1])
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"line {number + 1}: expected spaces before {line.strip()!r}, received a tab; indent by spaces"
    while_reading = f" ({error.context}, begun in line {begun.line + 1})" if begun else ""
    is_syntax = isinstance(error, yaml.scanner.ScannerError | yaml.parser.ParserError)
    hint = "check indentation, colons, quotes and brackets there" if is_syntax else "correct it"
    return f"line {number + 1}: {error.problem}{while_reading}; {hint}"
