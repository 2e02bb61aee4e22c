"""Where the work on clips is done, as a config says it."""

from dataclasses import dataclass
from typing import Literal

from foundation.settings import Settings, setting


@dataclass(frozen=True)
class ParallelSettings(Settings):
    """What works on clips next to each other."""

    backend: Literal["processes", "dask"] = setting(
        "processes",
        "what cleans clips, and scores those of `predict.py --audio`: `processes` and threads of this machine, as many "
        "as `--jobs` says, or the workers of a `dask` cluster, all of them ([clusters](clusters.md)). Results are the "
        "same",
    )
    address: str | None = setting(
        None,
        "of the Dask scheduler, such as `tcp://host:8786`; `null`: the environment variable `DASK_SCHEDULER_ADDRESS`",
    )
