"""docs/config.md says what the settings say."""

from dataclasses import fields, is_dataclass

import pytest

from docs.config_md import PAGE, generated
from foundation.settings import SENTENCE
from preprocessing.settings import CURATED, NOISY, SilenceRule
from tagging.config.schema import Config
from tagging.config.stage import StageSettings


def test_the_page_is_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    assert page == generated(page), "docs/config.md is stale: run python -m docs.config_md"


def keys(settings, prefix: str) -> list[str]:
    """Of all settings; of a part, those in it."""
    found = []
    for part in fields(settings):
        value, key = getattr(settings, part.name), prefix + part.name
        found += keys(value, f"{key}.") if is_dataclass(value) else [key]
    return found


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [(Config(), ""), (SilenceRule(), "cleaning.curated[]."), (StageSettings(), "stages.NAME.")],
)
def test_every_setting_has_its_row(settings, prefix):
    page = PAGE.read_text(encoding="utf-8")
    inherited = keys(Config().train, "stages.NAME.")
    for key in keys(settings, prefix):
        assert key == "stages" or key in inherited or page.count(f"| `{key}` |") == 1, key


def test_the_default_rules_are_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    for rule in (*CURATED, *NOISY):
        longest = "any" if rule.max_s is None else f"{rule.max_s:g}"
        assert (
            f"| {longest} | {rule.threshold_dbfs:g} | {rule.min_silence_ms} | {rule.keep_silence_ms} |"
            in page
        )


def test_the_page_adds_the_full_stop():
    for kind in (Config, SilenceRule, StageSettings):
        for part in fields(kind):
            assert not part.metadata.get(SENTENCE, "").endswith(".")
