"""Tags audio files with an exported model: cleaned, cut into windows and scored as by the run that it came from.

It needs NumPy, soundfile, soxr and the runtime of the model (ai-edge-litert for model.tflite, onnxruntime for
model.onnx), and nothing else. All settings are in the model. From Python: `load("model.tflite")("clip.wav")`.
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soundfile
import soxr

from preprocessing.mono import mixed
from preprocessing.silence import energy_per_ms, kept_ranges

MODELS = ("model.tflite", "model.onnx", "savedmodel")
SETTINGS = "audio_tagging"
TOP = 5


class Model:
    """An exported model with its settings.

    Args:
        about: the settings that are stored in it.
        infer: one window (1, samples) float32 in [-1, 1] -> logits of its runs (1, runs x classes).

    Attributes:
        labels: in the order of the scores.
        thresholds: one per label.
    """

    def __init__(self, about: dict[str, Any], infer: Callable[[np.ndarray], np.ndarray]) -> None:
        self.about, self._infer = about, infer
        self.labels: list[str] = about["labels"]
        self.thresholds = np.array(about["thresholds"])

    def __call__(self, path: str | Path) -> tuple[np.ndarray, bool]:
        """An audio file -> (classes,) calibrated scores, and whether the clip is silence.

        Raises:
            soundfile.LibsndfileError: a file that cannot be read.
            ValueError: a clip without sound.
        """
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        return self.scores(samples, rate_hz)

    def scores(self, samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, bool]:
        """The same of samples (frames, channels) float32 of full scale 1."""
        clip = cleaned(samples, rate_hz, self.about["inputs"]["rate_hz"], self.about["cleaning"])
        windows, level_db = cut(clip, self.about["inputs"])
        logits = np.concatenate([self._infer(window[None].astype(np.float32) / 32768) for window in windows])
        floor_db = self.about["scoring"]["floor_db"]
        is_silent = level_db <= (-np.inf if floor_db is None else floor_db)
        if is_silent and self.about["task"] != "regression":
            return np.zeros(len(self.labels)), True
        return clip_scores(logits, self.about), False

    def tags(
        self, scores: np.ndarray, top: int | None = None, *, present: bool = False
    ) -> list[tuple[str, float]]:
        """The likeliest labels with their scores.

        Args:
            scores: of a clip.
            top: how many; None: 5, of regression all.
            present: only those that the clip has: that reach their threshold, or with one label per clip the first.
        """
        order = np.argsort(-scores, kind="stable")
        if present:
            is_single = self.about["task"] == "multiclass"
            order = order[:1] if is_single else order[scores[order] >= self.thresholds[order]]
        most = top or (TOP if self.about["task"] != "regression" and not present else len(order))
        return [(self.labels[number], float(scores[number])) for number in order[:most]]


def cleaned(samples: np.ndarray, rate_in_hz: int, rate_hz: int, settings: dict[str, Any]) -> np.ndarray:
    """Mono at the model's rate, 16 bits, without silence where that is removed: (samples,) int16."""
    if not len(samples):
        raise ValueError("expected sound, received zero samples")
    waveform = mixed(samples)
    if rate_in_hz != rate_hz:
        waveform = soxr.resample(waveform, rate_in_hz, rate_hz, quality="HQ")
    pcm = np.clip(np.rint(32768.0 * waveform), -32768, 32767).astype(np.int16)
    if not settings["remove_silence"]:
        return pcm
    seconds = len(samples) / rate_in_hz
    rules: Any = (SimpleNamespace(**each) for each in settings["rules"])
    rule = next(each for each in rules if each.max_s is None or seconds <= each.max_s)
    energy, frames = energy_per_ms([pcm], rate_hz)
    kept = [pcm[start:end] for start, end in kept_ranges(energy, frames, rate_hz, rule)]
    length = sum(map(len, kept))
    if length < frames and length < settings["min_kept_s"] * rate_hz:
        return pcm
    if not length:
        raise ValueError("expected sound, received only silence")
    return np.concatenate(kept)


def cut(clip: np.ndarray, inputs: dict[str, Any]) -> tuple[np.ndarray, float]:
    """(samples,) int16 -> windows (windows, length) int16, and the level of the loudest in dB of full scale."""
    length, hop = inputs["shape"][0], inputs["hop_samples"]
    last = max(len(clip) - length, 0)
    starts = [0] if inputs["only_first"] else [*range(0, last, hop), last]
    parts = [clip[start : start + length] for start in starts]
    powers = [np.mean(np.square(part / 32768.0)) for part in parts]
    level_db = 10 * np.log10(max(powers)) if max(powers) else -np.inf
    lacking = length - len(parts[0])
    if lacking > 0:
        parts = [np.pad(parts[0], (0, lacking)) if inputs["short"] == "pad" else np.resize(parts[0], length)]
    return np.stack(parts), float(level_db)


def clip_scores(logits: np.ndarray, about: dict[str, Any]) -> np.ndarray:
    """Logits of windows (windows, runs x classes) -> calibrated scores of the clip (classes,)."""
    scoring, task = about["scoring"], about["task"]
    runs = np.split(logits.astype(np.float64), len(scoring["temperatures"]), axis=1)
    is_mean = scoring["average"] == "logit"
    means = [each.mean(axis=0) if is_mean else mean_logits(each, task) for each in runs]
    pairs = zip(means, scoring["temperatures"], strict=True)
    rest = iter([mean.astype(np.float32) / temperature for mean, temperature in pairs])
    members = [np.stack([next(rest) for _ in range(count)]) for count in scoring["runs_of_members"]]
    of_members = np.stack([mean_logits(each.astype(np.float64), task) for each in members])
    shares = np.array(scoring["weights"]) / sum(scoring["weights"])
    if scoring["method"] == "geometric":
        mean = shares @ log_scores(of_members, task)
        return np.exp(log_scores(mean, task) if task == "multiclass" else mean)
    return shares @ (of_members if task == "regression" else np.exp(log_scores(of_members, task)))


def mean_logits(logits: np.ndarray, task: str) -> np.ndarray:
    """(rows, classes) -> (classes,), the logits of the rows' mean score."""
    if task == "regression" or len(logits) == 1:
        return logits.mean(axis=0)
    yes = np.logaddexp.reduce(log_scores(logits, task))
    if task == "multiclass":
        return yes - np.log(len(logits))
    return yes - np.logaddexp.reduce(log_scores(-logits, task))


def log_scores(logits: np.ndarray, task: str) -> np.ndarray:
    """Logarithms of the sigmoid, or with one label per clip of the softmax."""
    if task == "multiclass":
        return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    return -np.logaddexp(0.0, -logits)


def load(path: str | Path) -> Model:
    """A `.tflite` or `.onnx` file, or the folder of a SavedModel, which needs TensorFlow."""
    path = Path(path)
    if path.is_dir():
        return _savedmodel(path)
    return _onnx(path) if path.suffix == ".onnx" else _litert(path)


def _litert(path: Path) -> Model:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  only one of the runtimes is needed

    with zipfile.ZipFile(path) as files:
        about = json.loads(files.read(f"{SETTINGS}.json"))
    runner = Interpreter(model_path=str(path), num_threads=1).get_signature_runner()
    return Model(about, lambda window: runner(waveform=window)["window_logits"])


def _onnx(path: Path) -> Model:
    import onnxruntime  # noqa: PLC0415

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map[SETTINGS])
    return Model(about, lambda window: session.run(["window_logits"], {"waveform": window})[0])


def _savedmodel(path: Path) -> Model:
    import tensorflow as tf  # noqa: PLC0415

    about = json.loads((path / "assets.extra" / f"{SETTINGS}.json").read_text(encoding="utf-8"))
    serve = tf.saved_model.load(path).signatures["serving_default"]
    return Model(about, lambda window: serve(waveform=tf.constant(window))["window_logits"].numpy())


def main(argv: Sequence[str] | None = None) -> int:
    """Tag files; 1 if one could not be used."""
    here = Path(__file__).parent
    default = next((here / name for name in MODELS if (here / name).exists()), here / MODELS[0])
    parser = argparse.ArgumentParser(description="Tag audio files with an exported model.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="WAV, FLAC, OGG or MP3 files")
    parser.add_argument("--model", type=Path, default=default, help="default: %(default)s")
    parser.add_argument("--top", type=int, metavar="K", help=f"maximum number of tags (default: {TOP})")
    parser.add_argument("--own", action="store_true", help="only tags that reach the model's thresholds")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    args = parser.parse_args(argv)
    model, found, lost = load(args.model), [], 0
    for file in args.files:
        try:
            scores, is_silent = model(file)
        except (OSError, ValueError, soundfile.LibsndfileError) as error:
            print(f"{file.name}: {error}", file=sys.stderr)
            lost += 1
            continue
        tags = [] if is_silent else model.tags(scores, args.top, present=args.own)
        found.append(
            {"fname": file.name, "tags": [{"label": label, "score": score} for label, score in tags]}
        )
        if not args.json:
            lines = [f"{score:6.3f}  {label}" for label, score in tags]
            nothing = "silent" if is_silent else "no label reaches its threshold"
            print(f"{file.name:<32}  {lines[0] if lines else nothing}")
            print("".join(f"{'':<32}  {line}\n" for line in lines[1:]), end="", flush=True)
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
