"""The variants of each recipe: configs that load, and what is run for them."""

import sys
from pathlib import Path

import pytest

from benchmarks import ablation
from tagging.config.load import load_config

RECIPES = sorted(path.stem for path in ablation.VARIANTS.glob("*.yaml"))
CASES = [(recipe, name) for recipe in RECIPES for name in ablation.variants_of(recipe)]


@pytest.mark.parametrize(("recipe", "name"), CASES)
def test_a_variant_is_the_recipe_with_other_settings(recipe, name, tmp_path):
    variant, path = ablation.variants_of(recipe)[name], Path(f"configs/fsd_mini/{recipe}.yaml")
    plain = load_config(path)
    config = load_config(path, [text.format(recipe=tmp_path) for text in variant.settings])
    assert (config == plain) == (name == ablation.RECIPE or not variant.settings)
    assert set(variant.stages) <= set(config.stages)
    stages = [config.stages[stage] for stage in variant.stages or config.stages]
    assert stages[0].init == "none" or Path(stages[0].init).parent == tmp_path


def test_only_the_stages_of_a_variant_are_trained(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr(ablation, "run", lambda *words: commands.append(words))
    variant = ablation.variants_of("mn")["rates by block (.8)"]
    with pytest.raises(FileNotFoundError):  # as nothing was predicted
        ablation.score("configs/fsd_mini/mn.yaml", "rates by block (.8)", variant, tmp_path, ["seed=0"])
    scripts = [words[0] for words in commands]
    assert scripts == ["preprocess.py", "train.py", "train.py", "train.py", "predict.py"]
    assert [words[2] for words in commands[1:4]] == ["all", "selected", "curated"]
    for words in commands[1:4]:
        assert f"stages.all.init={tmp_path / 'recipe' / 'head'}" in words
        assert f"run_dir={tmp_path / 'rates_by_block_8'}" in words


def test_a_variant_that_is_not_listed_is_an_error_before_anything_is_trained(tmp_path, monkeypatch, capsys):
    given = ["--data", "d", "--out", str(tmp_path), "--variants", "no mixing", "no SpecAugment"]
    monkeypatch.setattr(sys, "argv", ["ablation", "--recipe", "mn", *given])
    monkeypatch.setattr(ablation, "score", lambda *arguments: pytest.fail("trained"))
    with pytest.raises(SystemExit):
        ablation.main()
    assert "--variants: expected names out of recipe, no mixing, " in (error := capsys.readouterr().err)
    assert "received no SpecAugment" in error
