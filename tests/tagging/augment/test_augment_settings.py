"""What augmentation can be told, and what is refused."""

import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from tagging.augment.ops.background import BackgroundSettings
from tagging.augment.ops.crop import CropSettings
from tagging.augment.ops.gain import GainSettings
from tagging.augment.ops.image_noise import ImageNoiseSettings
from tagging.augment.ops.mixup import MixUpSettings
from tagging.augment.ops.noise import NoiseSettings
from tagging.augment.ops.retime import PitchShiftSettings, SpeedSettings, TimeStretchSettings
from tagging.augment.ops.spec_augment import SpecAugmentSettings
from tagging.augment.ops.waveform_mix import WaveformMixSettings
from tagging.augment.settings import OPS, AugmentSettings


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SpecAugmentSettings(time_masks=-1),
            "SpecAugmentSettings.time_masks: expected at least 0, received -1",
        ),
        (
            lambda: SpecAugmentSettings(freq_mask_share=1.5),
            "SpecAugmentSettings.freq_mask_share: .* received 1.5",
        ),
        (
            lambda: SpecAugmentSettings(time_warp_frames=-2),
            "SpecAugmentSettings.time_warp_frames: .* received -2",
        ),
        (lambda: MixUpSettings(alpha=-0.1), "MixUpSettings.alpha: .* received -0.1"),
        (lambda: MixUpSettings(alpha=float("nan")), "MixUpSettings.alpha: .* received nan"),
        (
            lambda: MixUpSettings(labels="and"),
            'MixUpSettings.labels: expected one of mix, or, received "and"',
        ),
        (lambda: CropSettings(min_time_share=0.0), "CropSettings.min_time_share: .* received 0.0"),
        (lambda: CropSettings(min_band_share=1.1), "CropSettings.min_band_share: .* received 1.1"),
        (lambda: WaveformMixSettings(probability=1.5), "WaveformMixSettings.probability: .* received 1.5"),
        (
            lambda: WaveformMixSettings(min_gain_db=3.0),
            "waveform_mix.min_gain_db and max_gain_db: .* received 3.0 and 0.0",
        ),
        (lambda: WaveformMixSettings(most=0), "WaveformMixSettings.most: expected at least 1, received 0"),
        (lambda: BackgroundSettings(probability=-0.1), "BackgroundSettings.probability: .* received -0.1"),
        (
            lambda: BackgroundSettings(max_snr_db=float("inf")),
            "BackgroundSettings.max_snr_db: expected a finite number, received inf",
        ),
        (lambda: GainSettings(min_db=1.0), "gain.min_db and max_db: .* received 1.0 and 0.0"),
        (
            lambda: TimeStretchSettings(min_rate=0.1),
            "TimeStretchSettings.min_rate: expected at least 0.25, received 0.1",
        ),
        (
            lambda: TimeStretchSettings(1.2, 1.1),
            "time_stretch.min_rate and max_rate: .* received 1.2 and 1.1",
        ),
        (lambda: SpeedSettings(max_rate=5.0), "SpeedSettings.max_rate: expected at most 4, received 5.0"),
        (
            lambda: PitchShiftSettings(-25.0),
            "PitchShiftSettings.min_semitones: expected at least -24 semitones, received -25.0",
        ),
        (lambda: PitchShiftSettings(float("nan"), 1.0), "PitchShiftSettings.min_semitones: .* received nan"),
        (
            lambda: NoiseSettings(probability=2.0),
            "NoiseSettings.probability: expected at most 1, received 2.0",
        ),
        (
            lambda: NoiseSettings(min_snr_db=40.0),
            "noise.min_snr_db and max_snr_db: .* received 40.0 and 30.0",
        ),
        (lambda: ImageNoiseSettings(-1.0), "ImageNoiseSettings.deviation: .* received -1.0"),
        (lambda: AugmentSettings(time_shift_share=0.6), "time_shift_share: .* received 0.6"),
        (
            lambda: AugmentSettings(sources=("curated",)),
            r"augment.sources: expected null, or sources .* received \['curated'\] while none is on",
        ),
        (
            lambda: AugmentSettings(mixup=MixUpSettings(alpha=1.0), sources=()),
            r"augment.sources: .* received \[\]$",
        ),
        (lambda: AugmentSettings(keep_originals=True), "keep_originals: expected false .* received true"),
    ],
)
def test_settings_out_of_range_name_their_key(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"crop": CropSettings(min_band_share=0.9)},
        {"waveform_mix": WaveformMixSettings(probability=0.5)},
        {"background": BackgroundSettings(probability=0.5)},
        {"gain": GainSettings(max_db=3.0)},
        {"time_shift_share": 0.1},
        {"time_stretch": TimeStretchSettings(0.9, 1.0)},
        {"pitch_shift": PitchShiftSettings(0.0, 1.0)},
        {"speed": SpeedSettings(1.0, 1.1)},
        {"noise": NoiseSettings(probability=0.5)},
        {"image_noise": ImageNoiseSettings(0.1)},
    ],
    ids=lambda given: next(iter(given)),
)
def test_each_part_alone_switches_augmentation_on(given):
    settings = AugmentSettings(**given, keep_originals=True)
    assert settings.enabled
    of_images = not {"crop", "image_noise"}.isdisjoint(given)
    assert bool(settings.on(of_waveforms=False)) == of_images
    assert bool(settings.on(of_waveforms=True)) == (not of_images)
    assert not AugmentSettings().enabled


def test_settings_come_from_a_config():
    given = OmegaConf.create({"spec_augment": {"enabled": True, "time_masks": 3}, "mixup": {"labels": "or"}})
    settings = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(AugmentSettings), given))
    assert settings == AugmentSettings(
        spec_augment=SpecAugmentSettings(enabled=True, time_masks=3), mixup=MixUpSettings(labels="or")
    )


def test_the_order_and_the_random_streams_are_those_of_earlier_runs():
    assert [(op.key, op.of_waveforms, op.stream) for op in OPS] == [
        *(("time_stretch", True, 4), ("background", True, 0), ("waveform_mix", True, 1), ("noise", True, 5)),
        *(("gain", True, 2), ("time_shift_share", True, 3), ("mel_jitter", True, None)),
        *(
            ("crop", False, 2),
            ("spec_augment", False, 0),
            ("image_noise", False, 3),
            ("spec_augment", False, 0),
        ),
        ("mixup", False, 1),
    ]


@pytest.mark.slow
def test_settings_need_no_tensorflow():
    code = "import sys, tagging.augment.settings; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
