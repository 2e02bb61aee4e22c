"""A tiny demo data set, cleaned once, a config that trains on it in seconds, and runs that tests share."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as commands do, before NumPy is imported

from preprocessing.clean import clean_dataset
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets import read_dataset
from tagging.datasets.layouts.demo import make_demo
from tests.shared import Shared

YAML = """
seed: 3
dataset: {{layout: fsdkaggle2019, root: {root}, exclude: []}}
clean_dir: {clean}
run_dir: {runs}
window: {{window_s: 1.0, hop_s: 0.5}}
frontend: {{n_mels: 16}}
model: {{name: simple_cnn, units: [16]}}
train: {{batch_size: 16, epochs: 2}}
stages:
  noisy: {{sources: [noisy], learning_rate: 3e-3}}
  curated: {{sources: [curated], init: previous}}
"""


def pytest_collection_finish() -> None:
    """What is imported stays: the garbage collector need not look at it again and again."""
    gc.freeze()


@dataclass(frozen=True)
class Tiny:
    """Where the tiny data set is, and its clean audio."""

    root: Path
    clean: Path

    def write_config(self, folder: Path) -> Path:
        """The config whose runs lie in this folder; one that is there is left alone, as others may be reading it."""
        path = folder / "tiny.yaml"
        text = YAML.format(root=self.root, clean=self.clean, runs=folder / "runs")
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def config(self, folder: Path, *overrides: str) -> Config:
        return load_config(self.write_config(folder), overrides)


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Iterator[Shared]:
    """Folders that are made once for all workers; at the end they have to be as they were made."""
    base = tmp_path_factory.getbasetemp()
    folders = Shared((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared")
    yield folders
    assert folders.changed() == [], "a test has written where others read"


@pytest.fixture(scope="session")
def tiny(shared) -> Tiny:
    def make(folder: Path) -> None:
        data = Tiny(folder / "raw", folder / "clean")
        make_demo(data.root, n_curated=48, n_noisy=40, n_test=24, seed=5)
        config = data.config(folder)
        clips = read_dataset(config.dataset).clips
        clean_dataset(clips, data.clean, config.cleaning, jobs=1, progress=False)

    folder = shared("tiny", make)
    return Tiny(folder / "raw", folder / "clean")


@pytest.fixture(scope="session")
def trained(tiny, shared) -> Path:
    """A config next to which both stages are trained by one command, with all that training leaves."""

    def make(folder: Path) -> None:
        import train

        with _all_results():
            assert train.main(["--config", str(tiny.write_config(folder)), "--jobs", "2"]) == 0

    return shared("trained", make) / "tiny.yaml"


@pytest.fixture(scope="session")
def study_trees(shared) -> Path:
    """A folder with small data sets where the studies' configs expect them, and `configs`."""
    from tests.study_trees import make_study_trees

    def make(folder: Path) -> None:
        make_study_trees(folder)
        (folder / "configs").symlink_to(Path(__file__).parents[1] / "configs")

    return shared("studies", make)


@pytest.fixture(scope="session")
def noisy(trained) -> tuple[Path, Path]:
    """(folder of the config, finished noisy run)."""
    return trained.parent, trained.parent / "runs" / "noisy"


@pytest.fixture(scope="session")
def augmented(tiny, shared) -> Path:
    """A noisy run of three epochs with augmentation and a cosine, trained without a break."""

    def make(folder: Path) -> None:
        from tagging.training.train import train_stage
        from tests.training_helpers import AUGMENTED

        train_stage(tiny.config(folder, *AUGMENTED), "noisy", jobs=2)

    return shared("augmented", make) / "runs" / "noisy"


@pytest.fixture(scope="session")
def reported(shared) -> dict[str, Path]:
    """A run of each task, and one of `features`, with random scores and a report."""
    from tagging.report.page import write_report
    from tests.report_helpers import REPORTED, make_config, make_run

    def make(folder: Path) -> None:
        for name, (task, features) in REPORTED.items():
            write_report(make_run(make_config(folder / name, task, features=features)))

    folder = shared("reported", make)
    return {name: folder / name / "runs" / "train" for name in REPORTED}


@pytest.fixture(scope="session", autouse=True)
def plain_runs() -> Iterator[None]:
    """Training writes no report and no plot: both take as long as a tiny training. `full_runs` has them again.

    A file that trains has imported TensorFlow by now; without it, nothing trains.
    """
    if "tensorflow" not in sys.modules:
        yield
        return
    sys.modules["tensorflow"].constant(0)  # no test changes its threads any more: last bits depend on them
    with _results_by(lambda run: run / "report.html", lambda histories, path: None):
        yield


@pytest.fixture
def full_runs() -> Iterator[None]:
    """Training leaves what it leaves to users."""
    with _all_results():
        yield


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Steps of training and prediction run eagerly; those of runs that all tests share are traced."""
    from tests.training_helpers import run_eagerly

    with run_eagerly():
        yield


@pytest.fixture
def no_fit(monkeypatch) -> None:
    """Stages begin and end as always, but nothing is learnt in them: for tests of what is around it."""
    from tagging.training import train
    from tests.training_helpers import learn_nothing

    monkeypatch.setattr(train, "fit", learn_nothing)


def _all_results() -> AbstractContextManager[None]:
    from tagging.plots.curves import learning_curves
    from tagging.report.page import write_report

    return _results_by(write_report, learning_curves)


@contextmanager
def _results_by(report: Callable[[Path], Path], curves: Callable[[dict, Path], None]) -> Iterator[None]:
    """Training writes its report and its learning curves by these."""
    from tagging.training import outcome

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcome, "write_report", report)
        patch.setattr(outcome, "learning_curves", curves)
        yield
