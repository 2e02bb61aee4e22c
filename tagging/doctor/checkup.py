"""All areas together: what they describe, what they find, and the settings that follow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from tagging.config.errors import ConfigError
from tagging.config.load import load_config
from tagging.config.yaml_text import override
from tagging.datasets import read_dataset
from tagging.datasets.relabel import rare
from tagging.datasets.table import Dataset, leave_out
from tagging.doctor import classes, files, lengths, levels, rates
from tagging.doctor.finding import Finding, exclusion
from tagging.doctor.survey import USABLE, Survey, survey

AREAS: dict[str, ModuleType] = {
    "files": files,
    "classes": classes,
    "lengths": lengths,
    "rates and bands": rates,
    "level and silence": levels,
}
"""Title -> the module that describes this side of a data set, and has its rules. Findings come in this order."""
_OF_WINDOWS = (lengths, rates)


@dataclass(frozen=True)
class Checkup:
    """What a look at a data set came to.

    Attributes:
        config: the file and the overrides that were looked at.
        overrides: `key=value` of the command line.
        areas: title -> name -> figures as text.
        findings: what the rules found. Settings that do not fit the config are left out.
        data: what was looked at.
    """

    config: Path
    overrides: tuple[str, ...]
    areas: dict[str, dict[str, str]]
    findings: tuple[Finding, ...]
    data: Survey

    @property
    def settings(self) -> tuple[str, ...]:
        """All suggestions together, each key once, with its last value.

        They name another clean folder where the present one would not fit.
        """
        found = {
            setting.partition("=")[0]: setting for finding in self.findings for setting in finding.settings
        }
        names = [name for finding in self.findings for name in finding.exclude]
        config = self.data.config
        is_recleaned = any(key.startswith("cleaning.") for key in found)
        folder = (
            [override("clean_dir", f"{config.clean_dir}_doctor")]
            if is_recleaned and Path(config.clean_dir).exists()
            else []
        )
        return (*found.values(), *folder, *exclusion(config.dataset.exclude, names))

    @property
    def refused(self) -> int:
        """Clips that cannot be used."""
        return int((~self.data.known["status"].isin(USABLE)).sum())

    @property
    def changes(self) -> tuple[str, ...]:
        """What makes the config file the suggested one: the overrides, then all suggestions."""
        return (*self.overrides, *self.settings)


def check_up(
    config: Path,
    overrides: Sequence[str],
    *,
    jobs: int,
    dataset: Dataset | None = None,
    is_quick: bool = False,
) -> Checkup:
    """Looks at the data set of a config.

    Args:
        config: YAML file.
        overrides: `key=value`.
        jobs: clips read in parallel.
        dataset: the config's data set, if it is read already.
        is_quick: as in `Survey`.

    Raises:
        ConfigError, DatasetError: settings, or a data set, that cannot be read.
    """
    settings = load_config(config, overrides)
    data = survey(
        settings, dataset or read_dataset(settings.dataset, only_look=True), jobs=jobs, is_quick=is_quick
    )
    areas = {title: area.describe(data) for title, area in AREAS.items()}
    found = [finding for area in AREAS.values() for rule in _rules(area, data) if (finding := rule(data))]
    fitting = _fitting(config, overrides, found, data.dataset)
    return Checkup(
        config, tuple(overrides), {title: lines for title, lines in areas.items() if lines}, fitting, data
    )


def _rules(area: ModuleType, data: Survey) -> tuple:
    """The rules of an area, if the data set has what they are about."""
    has_sound = bool(data.usable["seconds_out"].any())
    if area in _OF_WINDOWS:
        return area.RULES if has_sound and data.has_audio else ()
    return area.RULES if has_sound or area is not levels else ()


def _fitting(
    config: Path, overrides: Sequence[str], found: Sequence[Finding], dataset: Dataset
) -> tuple[Finding, ...]:
    """The findings; what the config refuses, or leaves too few labels, next to what is before it is taken out."""
    taken: list[str] = [*overrides]
    excluded: list[str] = []
    fitting = []
    for finding in found:
        names = [*excluded, *finding.exclude]
        try:
            least = load_config(config, [*taken, *finding.settings]).dataset.min_clips
        except ConfigError:
            fitting.append(replace(finding, settings=()))
            continue
        if _leaves_too_few(dataset, least, names):
            why = f"{finding.why} Not suggested here: fewer than two labels would be left."
            fitting.append(replace(finding, why=why, settings=(), exclude=()))
            continue
        taken, excluded = [*taken, *finding.settings], names
        fitting.append(finding)
    return tuple(fitting)


def _leaves_too_few(dataset: Dataset, least: int, names: Sequence[str]) -> bool:
    """Whether fewer than two labels keep a clip, and `least` of them, without the clips of these names."""
    if not dataset.has_labels or len(dataset.classes) < 2:
        return False
    left = replace(dataset, clips=leave_out(dataset.clips, names))
    return len(dataset.classes) - len(rare(left, max(1, least))) < 2
