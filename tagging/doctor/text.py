"""A checkup as text, and as JSON."""

import json
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from foundation.text import spelt
from tagging.doctor.checkup import Checkup
from tagging.doctor.finding import exclusion

_WIDTH = 24


def as_text(checkup: Checkup) -> str:
    """Areas as aligned lines, then the findings, each with the settings to paste, then all settings together."""
    lines: list[str] = []
    for title, figures in checkup.areas.items():
        lines += [title, *(_row(name, value) for name, value in figures.items()), ""]
    excluded = checkup.data.config.dataset.exclude
    for number, finding in enumerate(checkup.findings, 1):
        lines += [_filled(f"{number}. {finding.name}: {finding.text}"), _filled(f"   {finding.why}")]
        if settings := (*finding.settings, *exclusion(excluded, finding.exclude)):
            lines.append(f"   {_pasted(settings)}")
    if not checkup.findings:
        lines.append("nothing found that a setting should change")
    elif checkup.settings:
        lines += [
            "",
            f"all together (--apply FILE writes them into a config):\n   {_pasted(checkup.settings)}",
        ]
    return "\n".join(lines)


def as_json(checkup: Checkup) -> str:
    """The same for programs: `areas`, `findings`, `settings`."""
    findings = [asdict(finding) for finding in checkup.findings]
    content = {"areas": checkup.areas, "findings": findings, "settings": checkup.settings}
    return json.dumps(content, indent=2)


def in_short(checkup: Checkup) -> str:
    """One line on the grave findings, with the command that says more; "" without any."""
    grave = [finding.name for finding in checkup.findings if finding.is_grave]
    if not grave:
        return ""
    command = ["python", "-m", "tagging", "doctor", "--config", str(checkup.config), *checkup.overrides]
    return f"worth a look before training: {', '.join(grave)}; {_pasted(command)} says more"


def _row(name: str, value: str) -> str:
    return _filled(f"  {name:<{_WIDTH}} {value}", indent=_WIDTH + 3)


def _filled(text: str, indent: int = 3) -> str:
    return textwrap.fill(
        spelt(text), 110, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )


def _pasted(words: Sequence[str]) -> str:
    """Words as a shell takes them."""
    return " ".join(map(shlex.quote, words))
