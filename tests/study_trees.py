"""Small data sets in the layouts of the five studies, at the places where the studies' configs expect them."""

from pathlib import Path

import h5py
import numpy as np
import soundfile as sf

from tagging.datasets.layouts.demo import make_demo

GTZAN = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
GENRE4 = ("blues", "classical", "pop", "rock")
FUSED = (
    *("Blues", "Chiptune", "Classical", "Electronic", "Folk", "Hip-Hop", "Indie-Rock", "International"),
    *("Jazz", "Metal", "Old-Time", "Pop", "Post-Punk", "Post-Rock", "Psych-Folk", "Psych-Rock", "Punk"),
    *("Rock", "Soundtrack", "Trip-Hop"),
)
FMA_LARGE = (
    *("Blues", "Classical", "Country", "Easy Listening", "Electronic", "Experimental", "Folk", "Hip-Hop"),
    *("Instrumental", "International", "Jazz", "Old-Time / Historic", "Pop", "Rock", "Soul-RnB", "Spoken"),
)
MOODS = ("valence", "energy", "danceability")
RATE_HZ = 22_050


def make_study_trees(folder: Path) -> None:
    """All of them in `folder/data`, and a song for the four genres: `song.wav`, and its mel images `melgrams.npy`."""
    data = folder / "data"
    fsdkaggle2019(data / "fsdkaggle2019")
    class_folders(data / "gtzan", GTZAN, clips=6, seconds=3.5)
    arrays(data / "genre4_arrays")
    class_folders(data / "genre4", GENRE4, clips=8, seconds=1.5)
    song(folder)
    for name, steps in (("", 40), ("_beat", 12)):
        fused(data / f"fma_genre_spectrograms{name}", steps)
        fused(data / f"multitask_dataset{name}", steps, is_mood=True)
    mel_features(data / "fma_mel_features")


def fsdkaggle2019(root: Path) -> None:
    """Study A, layout `fsdkaggle2019`: the demo's sounds (12 classes), without its mark."""
    make_demo(root, n_curated=60, n_noisy=48, n_test=12, seed=5)
    (root / "demo.json").unlink()


def class_folders(root: Path, classes: tuple[str, ...], *, clips: int, seconds: float) -> None:
    """Studies B and C, layout `folders`: `CLASS/CLASS.00000.wav`, each class a tone of its own in noise."""
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for clip in range(clips):
            sf.write(root / name / f"{name}.{clip:05d}.wav", _tone(label, clip, seconds), RATE_HZ)


def arrays(root: Path) -> None:
    """Study C, layout `arrays`: MFCC statistics and mel images, `{train,val,test}/{mfccs,melgrams}/{X,labels}.npy`."""
    for number, part in enumerate(("train", "val", "test")):
        labels = np.arange(16 if part == "train" else 8) % len(GENRE4)
        for kind, shape in {"mfccs": (26,), "melgrams": (21, 128)}.items():
            (root / part / kind).mkdir(parents=True)
            np.save(root / part / kind / "X.npy", _levels(labels, shape, number))
            np.save(root / part / kind / "labels.npy", np.array(GENRE4)[labels])


def song(folder: Path) -> None:
    """Three seconds of pop, then two of blues, as sound and as an image a second."""
    seconds = [("pop", 3), ("blues", 2)]
    waves = [_tone(GENRE4.index(name), 9, length) for name, length in seconds]
    sf.write(folder / "song.wav", np.concatenate(waves), RATE_HZ)
    labels = np.repeat([GENRE4.index(name) for name, _ in seconds], [length for _, length in seconds])
    np.save(folder / "melgrams.npy", _levels(labels, (21, 128), 9))


def fused(root: Path, steps: int, *, is_mood: bool = False) -> None:
    """Study D, layout `fused`: 128 mel over 12 chroma bands, about `steps` long; 20 genres, or three moods."""
    for number, (part, clips) in enumerate({"train": 3 * len(FUSED), "test": len(FUSED)}.items()):
        (root / part).mkdir(parents=True)
        rows = ["\t".join(("Id", *MOODS)) if is_mood else "Id\tGenre"]
        for clip in range(clips):
            name, label = f"{10_000 * number + clip}.fused.full.npy", clip % len(FUSED)
            level = label / len(FUSED)
            length = steps + clip % 5
            np.save(root / part / name, _levels(np.array([level]), (140, length), 10_000 * number + clip)[0])
            cells = (f"{level}", f"{1 - level}", f"{level**2}") if is_mood else (FUSED[label],)
            rows.append("\t".join((f"{name}.gz", *cells)))  # the list of the data names packed files
        (root / f"{part}_labels.txt").write_text("\n".join(rows) + "\n")


def mel_features(root: Path) -> None:
    """Study E, layout `fma_features`: `fma_mel_features.h5` with three parts of 16 genres, (clips, frames, 128)."""
    root.mkdir(parents=True)
    with h5py.File(root / "fma_mel_features.h5", "w") as file:
        for number, part in enumerate(("train", "val", "test")):
            labels = np.arange((2 if part == "train" else 1) * len(FMA_LARGE)) % len(FMA_LARGE)
            file[f"{part}/X"] = _levels(labels, (40, 128), number)
            file[f"{part}/y"] = [FMA_LARGE[label] for label in labels]


def _tone(label: int, clip: int, seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng([label, clip]).normal(0, 0.01, len(t))
    return 0.3 * np.sin(2 * np.pi * 200 * 1.4**label * t) + noise


def _levels(labels: np.ndarray, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Noise around a level that tells the label, (clips, *shape) float32."""
    levels = labels.reshape(-1, *[1] * len(shape)).astype("float32")
    return (levels + np.random.default_rng(seed).normal(0, 0.3, (len(labels), *shape))).astype("float32")
