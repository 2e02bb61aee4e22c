"""One stage of an experiment: its name, its settings, and where its run stands."""

from dataclasses import dataclass
from pathlib import Path

from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.runs.place import place_of, work_dir


@dataclass(frozen=True)
class Stage:
    """A stage to train.

    Attributes:
        config: the whole experiment.
        name: of the stage.
        settings: of the stage.
        final: folder of the finished run.
    """

    config: Config
    name: str
    settings: StageSettings
    final: Path

    @classmethod
    def of(cls, config: Config, name: str) -> "Stage":
        """The stage of this name.

        Raises:
            ConfigError: the config has no such stage.
            RunError: the place of its run cannot be used.
        """
        return cls(config, name, config.stage(name), place_of(config.run_dir, name))

    @property
    def work(self) -> Path:
        """Folder in which the run is made."""
        return work_dir(self.final)
