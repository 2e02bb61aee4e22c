"""A config that is built on another one."""

import pytest

from tagging.config.load import ConfigError, load_config


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_its_own_settings_come_last(write):
    write(
        "a/first.yaml", "{seed: 1, run_dir: first, train: {epochs: 3}, stages: {noisy: {sources: [noisy]}}}"
    )
    write("a/second.yaml", "{base: first.yaml, run_dir: second, stages: {noisy: {epochs: 4}}}")
    third = write(
        "third.yaml", "{base: a/second.yaml, train: {learning_rate: 0.5}, stages: {more: {epochs: 9}}}"
    )
    config = load_config(third, ["seed=7"])
    assert (config.seed, config.run_dir, list(config.stages)) == (7, "second", ["noisy", "more"])
    noisy = config.stage("noisy")
    assert (noisy.epochs, noisy.learning_rate, noisy.sources) == (4, 0.5, ("noisy",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "base: gone.yaml",
            r"expected a config file as the base of .*top\.yaml, received .*gone\.yaml: no such file",
        ),
        ("base: top.yaml", "received one in a circle"),
        ("base: other.yaml", "received one in a circle"),
        ("base: [other.yaml]", "expected the path of a config file for base"),
        ("{base: wrong.yaml}", r"wrong\.yaml: sed: no such setting"),
    ],
)
def test_a_base_that_cannot_be_used_is_named(write, text, message):
    top = write("top.yaml", text)
    write("other.yaml", "base: top.yaml")
    write("wrong.yaml", "sed: 1")
    with pytest.raises(ConfigError, match=message) as error:
        load_config(top)
    assert "\n" not in str(error.value)


def test_it_is_no_setting(write):
    with pytest.raises(ConfigError, match="base"):
        load_config(write("top.yaml", "seed: 1"), ["base=other.yaml"])
