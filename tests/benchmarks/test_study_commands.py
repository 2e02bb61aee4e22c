"""The tables of the studies' pages: each command is checked on small data sets, and some are run."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import keras
import pandas as pd
import pytest

from benchmarks.study_commands import INDEX, PAGES, ROOT, call, commands, prepare, read_rows, run
from preprocessing.feature_settings import STORED
from preprocessing.plan import places
from preprocessing.stored import as_steps, read_stored
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets.holdout import read_with_test_clips
from tagging.datasets.table import Dataset
from tagging.inference.build import build_tagger
from tagging.inference.windows import pieces_of
from tagging.sweeps.job import open_job

LAYOUTS = {"fsdkaggle2019", "folders", "arrays", "fused", "fma_features"}
FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+|\d*\.\d+")
ALL = [(page, words) for page in PAGES for words in commands(page)]


@pytest.fixture
def parsed(study_trees, monkeypatch):
    """Commands are parsed by their own parsers, and do not run."""
    monkeypatch.chdir(study_trees)
    monkeypatch.setattr("foundation.inputs.is_missing", lambda path: False)  # runs of the commands above
    monkeypatch.setattr(
        "tagging.cli.running.run", lambda command, parser, argv, **_: parser.parse_intermixed_args(argv)
    )


@pytest.fixture(scope="module")
def networks() -> Iterator[set[str]]:
    """What was built already."""
    yield set()
    keras.backend.clear_session()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_row_has_a_command_a_published_figure_or_a_dash_and_ours_or_nothing(page):
    rows = read_rows(page)
    assert len(rows) > 15
    assert all(row.item and row.published and row.ours != "\N{EN DASH}" for row in rows)
    text = page.read_text()
    assert text.count("| item | command | published | ours |") == text.count("\n|---|")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_our_figures_are_among_the_results(page):
    results = set(FIGURE.findall((ROOT / "docs" / "results.md").read_text()))
    for row in read_rows(page):
        assert set(FIGURE.findall(row.ours)) <= results, row.item


def test_pages_are_those_of_the_five_layouts(parsed):
    layouts = {of_command(words).dataset.layout for _, words in ALL if "--config" in words}
    assert (len(PAGES), layouts) == (5, LAYOUTS)


def test_a_row_without_a_command_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```sh\nSTUDY=gtzan\n```\n\n| item | command | published | ours |\n|---|---|---|---|\n")
    assert read_rows(page) == []
    row = "| a | `train mlp{,_size1} seed=1` | - | - |\n"
    page.write_text(page.read_text() + row)
    (found,) = read_rows(page)
    assert found.words == ("train.py", "--config", "configs/gtzan/mlp.yaml", "mlp_size1", "seed=1")
    page.write_text(page.read_text() + "| b | none yet | - | - |\n")
    with pytest.raises(ValueError, match="none for 'b'"):
        read_rows(page)


@pytest.mark.parametrize(
    ("page", "words"), ALL, ids=[f"{page.stem}: {' '.join(words)}" for page, words in ALL]
)
def test_a_command_fits_its_parser_its_config_and_its_data(page, words, parsed, networks, tmp_path):
    given = call(words)
    if "--config" in words:
        config = of_command(words)
        dataset = read_with_test_clips(config.dataset, config.split, config.seed)
        sources = {source for stage in config.stages.values() for source in stage.sources}
        assert sources <= set(dataset.clips["split"])
        configs = [config]
        if words[2:3] == ("sweep",):
            options = {"stage": given.stage, "out": tmp_path / "sweep"}
            job = open_job(given.config, given.sweep, given.overrides, **options)
            configs = [job.config(number, values) for number, values in enumerate(job.sweep.samples())]
        for each in configs:
            build(each, load_config(given.config), dataset, networks)
    above = commands_above(page, words)
    made = {path for each in above for path in makes(each)}
    for path in needs(words):
        assert path in made or any(path in each.parents for each in made), f"{path} is not made above"


@cache
def of_command(words) -> Config:
    """The config with the settings of the command."""
    given = call(words)
    return load_config(given.config, given.overrides)


def build(config: Config, plain: Config, dataset: Dataset, networks: set[str]) -> None:
    """The network on what the front end makes of the data, unless every test of configs builds it."""
    model = replace(config.model, weights="none", weights_sha256=None)
    made_of = repr((model, config.frontend, config.cleaning, config.window, config.sequence))
    if config.model == plain.model or made_of in networks:
        return
    networks.add(made_of)
    clips = dataset.clips
    if config.cleaning.features.name == STORED:
        values = read_stored(clips["path"].iloc[0], *places(clips)[0])
        clips = pd.DataFrame({"bands": [as_steps(values, config.cleaning.features).shape[1]]})
    tagger = build_tagger(replace(config, model=model), pieces_of(config, clips), len(dataset.classes), None)
    assert tagger.whole.output_shape == (None, len(dataset.classes))


def commands_above(page: Path, words) -> list[tuple[str, ...]]:
    found = list(commands(page))
    return found[: found.index(words)]


@cache
def makes(words) -> frozenset[Path]:
    """Runs of a command, two trials of a sweep, and scores of test clips: what others may name."""
    given = call(words)
    if words[0] == "predict.py":
        return frozenset([given.out.with_suffix(".scores.json")])
    is_sweep = words[2:3] == ("sweep",)
    if not is_sweep and (words[0] != "train.py" or given.show_batch):
        return frozenset()
    config = of_command(words)
    trials = Path(config.run_dir, f"sweep-{given.sweep.stem}", "trials") if is_sweep else None
    folders = [trials / "0", trials / "1"] if trials else [Path(config.run_dir)]
    stages = [given.stage] if given.stage else config.stages
    return frozenset(folder / stage for folder in folders for stage in stages)


def needs(words) -> Iterator[Path]:
    """Runs, and scores of test clips, that a command reads."""
    given = call(words)
    if words[0] == "predict.py":
        yield from map(Path, given.runs or [of_command(words).run_dir])
    for name in ("runs", "test", "run"):
        yield from map(Path, getattr(given, name, []))
    if "--config" in words:
        config = of_command(words)
        starts = [stage.init for stage in config.stages.values()] + [config.model.weights]
        yield from (Path(start) for start in starts if start.startswith("runs/"))


FULL = {
    "fma_large": ["preprocess cnn_gru", "train cnn_gru_augmented tracking.batch_loss=true"],
    "fma_lstm": [
        "preprocess lstm_beat_mel",
        "train lstm_beat_mel",
        "predict lstm_beat_mel --out beat_mel.csv",
    ],
    "fsdkaggle2019": ["preprocess model2", "train one_stage --stage curated"],
    "genre4": ["preprocess cnn", "train cnn", "predict cnn --out cnn.csv"],
    "gtzan": ["preprocess mlp", "train mlp_size1"],
}
"""Page -> commands that are run to the end."""


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_commands_run_to_the_end(tmp_path, capsys):
    prepare(tmp_path)
    for name, lines in FULL.items():
        rows = read_rows(INDEX.parent / "studies" / f"{name}.md")
        found = {row.command: row.words for row in rows}
        codes = {line: run(found[line], tmp_path, name) for line in lines}
        assert not any(codes.values()), (tmp_path / f"{name}.log").read_text()
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == ["ok"] * sum(map(len, FULL.values()))
