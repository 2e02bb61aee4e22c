"""The work on clips as it proceeds: rows go to the manifest as they come, and a bar moves."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from preprocessing.manifest import MANIFEST_NAME, append_rows, read_rows, write_rows
from preprocessing.plan import Plan
from preprocessing.rows import ClipRow


def work(
    plan: Plan,
    clean_dir: Path,
    chunks: Generator[list[ClipRow], None, None],
    hidden: bool | None,
    name: str = MANIFEST_NAME,
) -> list[ClipRow]:
    """All rows, in no order; those that come are added to the manifest, or to the part of it that is called `name`.

    Args:
        plan: what is done, and what the rows are of.
        clean_dir: the clean folder.
        chunks: rows; closed at the end, which stops the workers.
        hidden: of the bar; None: hidden if stderr is not a terminal.
        name: of the file.
    """
    rows = list(plan.done)
    try:
        with closing(_shown(plan, chunks, hidden)) as shown:
            for chunk in shown:
                append_rows(clean_dir, chunk, name)
                rows += chunk
    except KeyboardInterrupt:
        write_rows(clean_dir, read_rows(clean_dir, name), name)
        raise
    return rows


def _shown(
    plan: Plan, chunks: Generator[list[ClipRow], None, None], hidden: bool | None
) -> Generator[list[ClipRow], None, None]:
    """Moves a bar with rate and time left as clips get done."""
    total = len(plan.todo) + len(plan.done)
    with (
        tqdm(total=total, initial=len(plan.done), desc="cleaning", unit="clip", disable=hidden) as bar,
        closing(chunks),
    ):
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))
