"""What each part of a recipe adds: the recipe, and the recipe without one part or with another, on the same clips.

    python -m benchmarks.ablation --data data/fsd_mini data/fsd_mini_1 --out runs/ablation

DIR of --data is a data set that benchmarks.make_fsd_mini made; its clean audio goes to DIR_clean. Every variant is
trained and predicted by the three scripts, with the same seed; where a variant leaves the first stages as they are, it
starts from the recipe's own. Variants of a recipe are listed in benchmarks/ablations. What is trained already is not
trained again, so the same command resumes after Ctrl-C. Prints LWLRAP of the test clips of each data set, the mean, and
the mean difference from the recipe with its standard error over data sets; the same table goes to OUT/ablation.csv.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

from submissions.writer import read_scores
from tagging.config.load import load_config
from tagging.datasets import read_dataset
from tagging.evaluation.multilabel import lwlrap

RECIPE = "recipe"
VARIANTS = (
    Path(__file__).parent / "ablations"
)  # a file for each config of configs/fsd_mini that has an ablation


class Variant(NamedTuple):
    """What differs from the recipe: settings, in which {recipe} is its folder, and the stages to train (none: all)."""

    settings: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


def variants_of(recipe: str) -> dict[str, Variant]:
    """The recipe itself first."""
    listed = yaml.safe_load((VARIANTS / f"{recipe}.yaml").read_text(encoding="utf-8"))
    found = {
        name: Variant(*(tuple(each.get(key, ())) for key in Variant._fields)) for name, each in listed.items()
    }
    return {RECIPE: Variant(), **found}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    recipes = sorted(path.stem for path in VARIANTS.glob("*.yaml"))
    parser.add_argument("--recipe", default="scratch", choices=recipes, help="config of configs/fsd_mini")
    parser.add_argument("--data", nargs="+", required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    args = parser.parse_intermixed_args()
    variants = variants_of(args.recipe)
    if unknown := [name for name in args.variants or () if name not in variants]:
        parser.error(f"--variants: expected names out of {', '.join(variants)}, received {unknown[0]}")
    config = f"configs/fsd_mini/{args.recipe}.yaml"
    rows: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys([RECIPE, *(args.variants or variants)]):
        for data in args.data:
            settings = [f"dataset.root={data}", f"clean_dir={data}_clean", *args.overrides]
            runs = args.out / Path(data).name
            rows.setdefault(name, {})[Path(data).name] = score(config, name, variants[name], runs, settings)
            table(rows).to_csv(args.out / "ablation.csv")
    print(table(rows).to_string(float_format="%.4f"))
    return 0


def score(config: str, name: str, variant: Variant, runs: Path, settings: list[str]) -> float:
    """Test LWLRAP of one variant on one data set, trained now or before."""
    run_dir = runs / re.sub(r"\W+", "_", name).strip("_")
    overrides = [text.format(recipe=runs / RECIPE) for text in variant.settings]
    common = ["--config", config, *settings, *overrides, f"run_dir={run_dir}"]
    submission = run_dir / "submission.csv"
    if not submission.exists():
        run("preprocess.py", *common)
        for stage in variant.stages or load_config(config).stages:
            run("train.py", "--stage", stage, *common)
        run("predict.py", "--runs", str(run_dir / "curated"), "--out", str(submission))
    found = read_scores(submission.with_name("submission.logits-1.npz"))
    dataset = read_dataset(load_config(config, settings).dataset)
    clips = dataset.clips[dataset.clips["split"] == "test"].set_index("fname", drop=False)
    return lwlrap(dataset.targets(clips.loc[found.fnames]), found.logits)


def run(script: str, *arguments: str) -> None:
    print("$", script, *arguments, flush=True)
    subprocess.run([sys.executable, script, *arguments], check=True)  # noqa: S603  our own scripts


def table(rows: dict[str, dict[str, float]]) -> pd.DataFrame:
    """A row a variant: LWLRAP by data set, mean, and the paired difference from the recipe with standard error."""
    scores = pd.DataFrame.from_dict(rows, orient="index")
    difference = scores - scores.loc[RECIPE]
    error = difference.std(axis=1) / np.sqrt(difference.notna().sum(axis=1))
    return scores.assign(mean=scores.mean(axis=1), difference=difference.mean(axis=1), standard_error=error)


if __name__ == "__main__":
    sys.exit(main())
