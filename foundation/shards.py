"""Parts of a list of work, for batch systems where each task does one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from foundation.errors import UserError

Item = TypeVar("Item")

_SHARD = re.compile(r"([1-9]\d*)/([1-9]\d*)")


@dataclass(frozen=True)
class Shard:
    """Every `count`-th item, from the `number`-th on, `number` from 1.

    The shards of a list share out all of it, and differ in length by one at most. Neighbours, which may be alike, go to
    different shards.
    """

    number: int
    count: int

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Its items."""
        return items[self.number - 1 :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def name(self) -> str:
        """For names of files."""
        return f"{self.number}-of-{self.count}"


def parse_shard(text: str) -> Shard:
    """A shard out of `3/16`.

    Raises:
        UserError: other text, or a number beyond the count.
    """
    found = _SHARD.fullmatch(text)
    if not found or int(found[1]) > int(found[2]):
        raise UserError(f"expected a shard i/n, such as 3/16, with i from 1 to n, received {text}")
    return Shard(int(found[1]), int(found[2]))


def shard_of_name(name: str) -> Shard:
    """The shard behind `Shard.name`."""
    return parse_shard(name.replace("-of-", "/"))
