"""Level, clipping, and what silence removal takes."""

import numpy as np

from foundation.words import counted
from tagging.doctor.finding import Finding, percent
from tagging.doctor.lengths import BRIEF_S
from tagging.doctor.survey import Survey
from tagging.frontend.settings import FRONTENDS

QUIET_DBFS = -45.0  # a median RMS below it is near the thresholds of silence, -50 to -60 dBFS
REMOVED_SHARE = 0.3  # of the audio of quiet clips
BRIEF_REMOVED_SHARE = 0.05  # of the audio of brief clips
FULL_SHARE = 0.001  # of a clip's samples at full scale: audible distortion
CLIPPED_SHARE = 0.1  # of the clips


def describe(survey: Survey) -> dict[str, str]:
    lines = {}
    heard, usable = survey.heard, survey.usable[survey.usable["seconds_in"] > 0]
    if len(heard):
        for name, column in (("peak", "peak_dbfs"), ("RMS", "rms_dbfs")):
            low, middle, high = np.percentile(heard[column], (5, 50, 95))
            lines[name] = f"{low:.1f} / {middle:.1f} / {high:.1f} dBFS (5, 50, 95 %)"
        lines["clipped"] = (
            f"{percent(_clipped(survey))} of the clips (over {100 * FULL_SHARE:g} % of their samples)"
        )
    if len(usable):
        whole = int((usable["status"] == "kept_whole").sum())
        kept = f"; {counted(whole, 'clip')} kept whole: nearly all is silence" if whole else ""
        lines["silence removed"] = f"{percent(_removed(survey))} of the audio{kept}"
    return lines


def brief_clips_cut(survey: Survey) -> Finding | None:
    """Fires where brief clips lose 5 % of their audio as silence."""
    usable = survey.usable
    if not survey.config.cleaning.remove_silence or usable.empty or not usable["seconds_in"].any():
        return None
    middle, removed = float(usable["seconds_in"].median()), _removed(survey)
    if middle > BRIEF_S or removed < BRIEF_REMOVED_SHARE:
        return None
    return Finding(
        "silence of brief clips",
        f"silence removal takes {percent(removed)} of clips with a median length of {middle:.2g} s",
        "In clips as brief as that, pauses and fading ends are part of the sound, and little time is saved.",
        ("cleaning.remove_silence=false",),
    )


def quiet_clips_cut(survey: Survey) -> Finding | None:
    """Fires where clips have a median RMS under -45 dBFS and lose 30 % of their audio as silence."""
    heard = survey.heard
    if not survey.config.cleaning.remove_silence or heard.empty or _middle_dbfs(survey) >= QUIET_DBFS:
        return None
    if (removed := _removed(survey)) < REMOVED_SHARE:
        return None
    return Finding(
        "quiet sounds cut as silence",
        f"silence removal takes {percent(removed)} of recordings with a median RMS of {_middle_dbfs(survey):.0f} dBFS",
        "Its thresholds of -50 to -60 dBFS are close to the level of the sounds themselves.",
        ("cleaning.remove_silence=false",),
        is_grave=True,
    )


def quiet_clips(survey: Survey) -> Finding | None:
    """Fires where clips have a median RMS under -45 dBFS and the front end shows the level."""
    heard, frontend = survey.heard, survey.config.frontend
    if heard.empty or _middle_dbfs(survey) >= QUIET_DBFS or not survey.has_audio:
        return None
    if "normalize" not in FRONTENDS[frontend.name].takes or frontend.normalize != "none":
        return None
    return Finding(
        "quiet clips",
        f"the median RMS is {_middle_dbfs(survey):.0f} dBFS, and the images of {frontend.name} show the level",
        "Pretrained weights have seen louder sound; with normalize, all windows have the same level.",
        ("frontend.normalize=rms",),
    )


def clipping(survey: Survey) -> Finding | None:
    """Fires where a tenth of the clips have 0.1 % of their samples at full scale."""
    if survey.heard.empty or (share := _clipped(survey)) < CLIPPED_SHARE:
        return None
    return Finding(
        "clipping",
        f"{percent(share)} of the clips have more than {100 * FULL_SHARE:g} % of their samples at full scale",
        "Clipping adds overtones that the sound does not have; no setting removes them, record at a lower level.",
    )


def _middle_dbfs(survey: Survey) -> float:
    """Median RMS of the clips that were listened to."""
    return float(survey.heard["rms_dbfs"].median())


def _clipped(survey: Survey) -> float:
    return float((survey.heard["full_share"] > FULL_SHARE).mean())


def _removed(survey: Survey) -> float:
    """Share of the raw audio that silence removal takes."""
    seconds_in = survey.usable["seconds_in"].sum()
    return max(0.0, 1 - float(survey.usable["seconds_out"].sum() / seconds_in)) if seconds_in else 0.0


RULES = (brief_clips_cut, quiet_clips_cut, quiet_clips, clipping)
