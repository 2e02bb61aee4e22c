"""Broken YAML: the file, the line and what is wrong, in one line; and text that is read back as it was written."""

import pytest

from tagging.config.load import ConfigError, load_config, save_config
from tagging.config.yaml_text import override

BROKEN = [
    ("train:\n\tepochs: 3\n", "line 2: expected spaces before 'epochs: 3', received a tab; indent by spaces"),
    (
        "train:\n  epochs: 3\n\tbatch_size: 4\n",
        "line 3: expected spaces before 'batch_size: 4', received a tab",
    ),
    ("seed: 1\ntrain:\n  epochs: 3\n   batch_size: 4\n", "line 4: mapping values are not allowed"),
    ("seed: 1\ntrain:\n    epochs: 3\n  batch_size: 4\n", "line 4: "),
    (
        "seed: 1\ntrain\n  epochs: 3\n",
        "line 3: could not find expected ':' (while scanning a simple key, begun in line 2)",
    ),
    ("model:\n  units: [1, 2\nseed: 1\n", "line 3: "),
    ("run_dir: 'abc\nseed: 1\n", "begun in line 1); check indentation, colons, quotes and brackets there"),
    ("seed: 1\nseed: 2\n", "line 2: found duplicate key seed"),
    ("seed: 1\n---\nseed: 2\n", "line 2: but found another document"),
    ("seed: !!python/object/apply:os.getcwd []\n", "line 1: could not determine a constructor"),
    ("seed: ${a\n", "seed: "),
    ("- a\n- b\n", "expected the file to be a mapping of keys to values, received a list"),
    ("12", "Invalid loaded object type: int"),
    (
        "model:\nstages: {noisy: }",
        "model: expected a mapping of keys to values, such as model.name, received null",
    ),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_file_ends_in_one_line_that_names_it(tmp_path, text, message):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "c.yaml")
    assert str(error.value).startswith(f"{tmp_path / 'c.yaml'}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_other_bytes_than_text_are_refused_and_a_byte_order_mark_is_not(tmp_path):
    (tmp_path / "c.yaml").write_bytes("run_dir: é".encode("latin1"))
    with pytest.raises(ConfigError, match=r"c\.yaml: expected text in UTF-8, received other bytes; save it"):
        load_config(tmp_path / "c.yaml")
    (tmp_path / "c.yaml").write_bytes("\ufeffrun_dir: é\nstages: {a: }".encode())
    assert load_config(tmp_path / "c.yaml").run_dir == "é"


@pytest.mark.parametrize("override", ["seed=[1", "seed=}", "run_dir=@x", "run_dir='a"])
def test_a_broken_value_is_named(tmp_path, override):
    (tmp_path / "c.yaml").write_text("stages: {a: }")
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "c.yaml", ["seed=1", override])
    assert f"expected key=value with a value that YAML can read, received {override!r} (" in str(error.value)
    assert "\n" not in str(error.value)


ODD = [
    *("${oc.env:HOME}.wav", "${x}", "a\\${x}", "\\\\${x}${y}\\", "a\\b${x}", "$${x}", "${", "\\$", "\\", "}"),
    *(
        "\u202e.wav",
        "\x85\x7f\u2028\U000e0001\N{GRINNING FACE}",
        "a\nb\"'",
        "#x",
        ": y",
        "010",
        "yes",
        "null",
        " ",
    ),
]
"""Text that YAML or OmegaConf reads as something else, or that cannot be printed."""


@pytest.mark.parametrize("text", ODD)
def test_text_is_read_back_as_it_is_from_overrides_and_saved_files(tmp_path, text):
    (tmp_path / "c.yaml").write_text("stages: {a: }")
    settings = [override("dataset.exclude", [text, "plain.wav"]), override("clean_dir", text)]
    assert all(setting.isprintable() for setting in settings)
    config = load_config(tmp_path / "c.yaml", settings)
    assert (config.dataset.exclude, config.clean_dir) == ((text, "plain.wav"), text)
    save_config(config, tmp_path / "saved.yaml")
    assert load_config(tmp_path / "saved.yaml") == config
