import numpy as np
import torch

from foley_trainer.features.mel import LogMel, MelConfig, mel_basis


def test_a_four_second_clip_gives_344_frames():
    assert LogMel()(torch.zeros(1, 88200)).shape == (1, 80, 344)
    assert MelConfig().frames(88200) == 344


def test_silence_is_not_minus_infinity():
    # HiFi-GAN adds 1e-9 under the root, so silence sits a little above the clamp for wide filters and on it for none.
    mel = LogMel()(torch.zeros(1, 88200))
    assert torch.isfinite(mel).all()
    assert mel.min() >= np.log(1e-5) - 1e-6


def test_filters_follow_slaney():
    """Known answers of the Slaney scale: linear 200/3 Hz per mel below 1 kHz, area-normalised triangles."""
    config = MelConfig()
    basis = mel_basis(config)
    assert basis.shape == (80, 513)
    hz = np.fft.rfftfreq(config.n_fft, 1 / config.rate)
    # 8000 Hz is 45.245 mel; 82 edges: the first filter peaks at one step above 0 Hz.
    step = (15 + np.log(8.0) / (np.log(6.4) / 27)) / 81
    assert abs(hz[basis[0].argmax()] - step * 200 / 3) < hz[1]
    areas = basis.sum(1) * hz[1]
    assert np.allclose(areas[20:], 1.0, atol=0.12)
    assert basis[:, hz > 8000 + hz[1]].max() == 0


def test_a_louder_tone_is_higher_by_its_gain():
    t = torch.arange(88200) / 22050
    tone = torch.sin(2 * torch.pi * 1000 * t)[None]
    loud, soft = LogMel()(tone), LogMel()(tone * 0.1)
    peak = loud[0, :, 100].argmax()
    assert abs((loud - soft)[0, peak, 100].item() - np.log(10)) < 1e-3
