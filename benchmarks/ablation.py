"""What each part of a recipe adds: the recipe, and the recipe without one part or with another, on the same clips.

    python -m benchmarks.ablation --data data/fsd_mini data/fsd_mini_1 --out runs/ablation

DIR of --data is a data set that benchmarks.make_fsd_mini made; its clean audio goes to DIR_clean. Every variant is
trained and predicted by the three scripts, with the same seed; where a variant leaves the noisy stage as it is, it
starts from the recipe's own. What is trained already is not trained again, so the same command resumes after Ctrl-C.
Prints LWLRAP of the test clips of each data set, the mean, and the mean difference from the recipe with its standard
error over data sets; the same table goes to OUT/ablation.csv.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from submissions.writer import read_scores
from tagging.config.load import load_config
from tagging.datasets import read_dataset
from tagging.evaluation.multilabel import lwlrap

RECIPE = "recipe"
FROM_RECIPE = (
    "stages.curated.init={runs}/recipe/noisy"  # the variant changes nothing before the curated stage
)
VARIANTS: dict[str, tuple[str, ...]] = {
    RECIPE: (),
    "curated clips alone": ("stages.curated.init=none",),
    "both at once, one stage": ("stages.curated.init=none", "stages.curated.sources=[curated,noisy]"),
    "no SpecAugment": ("train.augment.spec_augment.enabled=false",),
    "no mixing": ("train.augment.waveform_mix.probability=0",),
    "MixUp of images for waveforms": (
        "train.augment.waveform_mix.probability=0",
        "train.augment.mixup.alpha=0.4",
    ),
    "with LSEP": ("train.loss.lsep_weight=0.1",),
    "Lq on the noisy clips": ("stages.noisy.loss.name=lq", "stages.noisy.loss.q=0.3"),
    "label smoothing": ("stages.noisy.loss.label_smoothing=0.1",),
    "average of weights (EMA)": (FROM_RECIPE, "stages.curated.ema_momentum=0.98"),
}
ONLY_CURATED = ("curated clips alone", "both at once, one stage", "average of weights (EMA)")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", default="configs/fsd_mini/scratch.yaml")
    parser.add_argument("--data", nargs="+", required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    args = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    for variant in dict.fromkeys([RECIPE, *args.variants]):
        for data in args.data:
            settings = [f"dataset.root={data}", f"clean_dir={data}_clean", *args.overrides]
            rows.setdefault(variant, {})[Path(data).name] = score(args.config, variant, args.out, settings)
            table(rows).to_csv(args.out / "ablation.csv")
    print(table(rows).to_string(float_format="%.4f"))
    return 0


def score(config: str, variant: str, out: Path, settings: list[str]) -> float:
    """Test LWLRAP of one variant on one data set, trained now or before."""
    runs = out / Path(settings[0]).name
    run_dir = runs / variant.replace(" ", "_").replace(",", "")
    overrides = [text.format(runs=runs) for text in VARIANTS[variant]]
    common = ["--config", config, *settings, *overrides, f"run_dir={run_dir}"]
    submission = run_dir / "submission.csv"
    if not submission.exists():
        run("preprocess.py", *common)
        stages = ["curated"] if variant in ONLY_CURATED else ["noisy", "curated"]
        for stage in stages:
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
