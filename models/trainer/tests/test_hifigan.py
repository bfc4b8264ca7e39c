import pytest
import torch

from foley_trainer.models.hifigan import Discriminators, Generator, VocoderConfig

V1 = VocoderConfig(channels=512)
V2 = VocoderConfig()
V3 = VocoderConfig(channels=256, rates=[8, 8, 4], kernels=[16, 16, 8], resblock=2, res_kernels=[3, 5, 7], dilations=[[1, 2], [2, 6], [3, 12]])


@pytest.mark.parametrize(("config", "millions"), [(V1, 13.9), (V2, 0.92), (V3, 1.46)])
def test_sizes_are_the_published_ones(config: VocoderConfig, millions: float):
    """HiFi-GAN paper, table 1: parameters of V1, V2, V3 once weight norm is folded."""
    count = sum(p.numel() for p in Generator(config).fold().parameters()) / 1e6
    assert abs(count - millions) < 0.06


def test_folding_changes_nothing_and_audio_is_256_samples_a_frame():
    torch.manual_seed(0)
    generator = Generator(VocoderConfig(channels=32)).eval()
    mel = torch.randn(2, 80, 20)
    with torch.no_grad():
        before = generator(mel)
        after = generator.fold()(mel)
    assert before.shape == (2, 20 * 256)
    assert torch.allclose(before, after, atol=1e-6)
    assert before.abs().max() <= 1


def test_discriminators_judge_any_length():
    parts = Discriminators(4)(torch.randn(2, 5000))
    assert len(parts) == 8
    assert all(torch.isfinite(score).all() for score, _ in parts)
