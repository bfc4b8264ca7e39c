"""What the prior's training asks for beyond the loss of its cells."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from foley_trainer.data.corpus import open_corpus
from foley_trainer.training import presets
from foley_trainer.training.presets import PresetError
from foley_trainer.training.prior import PriorStage, in_order
from foley_trainer.training.stacked import StackedStage
from foley_trainer.training.stages import Making, prior_stage, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def codec(folder_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("codec")
    torch.set_num_threads(1)
    train("codec", Making(presets.load("tiny", ["codec.run.steps=22"]), open_corpus(folder_corpus), bf16=False), out)
    return out


def making(corpus: Path, codec: Path, *changes: str) -> Making:
    return Making(presets.load("tiny", list(changes)), open_corpus(corpus), codec, bf16=False)


def test_cells_of_a_codebook_count_as_much_as_asked_for(folder_corpus: Path, codec: Path) -> None:
    stage = prior_stage(making(folder_corpus, codec, "prior.training.level_weights=[3,1]"))
    assert stage.weights.shape == (20, 43)
    assert torch.allclose(stage.weights[:10], torch.tensor(1.5))
    assert torch.allclose(stage.weights[10:], torch.tensor(0.5))
    assert torch.equal(prior_stage(making(folder_corpus, codec)).weights, torch.ones(20, 43))


def test_what_weighs_more_is_learned_first(folder_corpus: Path, codec: Path) -> None:
    def learned(weights: str) -> list[float]:
        torch.manual_seed(0)
        stage = prior_stage(making(folder_corpus, codec, f"prior.training.level_weights={weights}", "prior.training.lr=3e-3"))
        stage.prior.eval()  # no dropout: the two trainings differ in the weights alone
        codes, labels = stage.eval_codes[:4], stage.eval_labels[:4]
        for _ in range(12):
            nll = F.cross_entropy(stage.prior(codes, stage._one_hot(labels)), codes, reduction="none")
            stage.optimizers["prior"].zero_grad()
            (nll * stage.weights).mean().backward()
            stage.optimizers["prior"].step()
        return [nll[:, :10].mean().item(), nll[:, 10:].mean().item()]

    first, second = learned("[50,1]"), learned("[1,50]")
    assert first[0] < second[0]
    assert first[1] > second[1]


@pytest.mark.parametrize("weights", ["[1,2,3]", "[1,0]", "[1,-1]"])
def test_weights_that_make_no_sense_are_refused(folder_corpus: Path, codec: Path, weights: str) -> None:
    with pytest.raises(PresetError, match="level_weights"):
        prior_stage(making(folder_corpus, codec, f"prior.training.level_weights={weights}"))


STACKED = (
    'prior.config={"kind": "stacked", "channels": 32, "blocks": 1, "res_blocks": 1, "heads": 2, "condition_dim": 8, "depth": 16, "depth_hidden": 16, "vector": 8}',
    'prior.training={"batch": 4, "lr": 0.002}',
)


def test_a_stacked_prior_sees_as_many_codes_of_other_clips_as_asked_for(folder_corpus: Path, codec: Path) -> None:
    noisy = prior_stage(making(folder_corpus, codec, *STACKED, "prior.training.code_noise=0.1"))
    assert isinstance(noisy, StackedStage)
    shares = [noisy.draw(np.random.default_rng(seed), 0)[-1].mean((1, 2, 3)) for seed in range(40)]
    assert 0.06 < np.mean(shares) < 0.14
    assert np.max(shares) < 0.35
    audio, *_, replaced = noisy.draw(np.random.default_rng(1), 0)
    codes = noisy._encode(audio)[0]
    seen, replaced = noisy.seen(codes, torch.from_numpy(replaced)), torch.from_numpy(replaced)
    assert torch.equal(seen[~replaced], codes[~replaced])
    assert torch.equal(seen[replaced], codes.roll((1, codes.shape[1] // 2), (0, 1))[replaced])
    plain = prior_stage(making(folder_corpus, codec, *STACKED))
    assert isinstance(plain, StackedStage)
    assert not plain.draw(np.random.default_rng(1), 0)[-1].any()


def test_rows_that_are_not_in_their_order_teach_nothing(folder_corpus: Path, codec: Path) -> None:
    stage = prior_stage(making(folder_corpus, codec, *STACKED, "prior.training.level_weights=[3,1]"))
    assert isinstance(stage, StackedStage)
    nll = torch.ones(2, stage.prior.config.rows, stage.prior.config.cols, 2)
    nll[:, 30:] = 100.0
    nll[..., 1] = 0.0
    counted = torch.zeros(2, stage.prior.config.rows)
    counted[:, :30] = 1
    assert stage.weighed(nll, counted).item() == pytest.approx(0.75), "the first codebook counts three times the second"
    samples = stage.augmenter.samples
    stage.augmenter.draw_recorded = lambda rng: (np.zeros(samples, np.float32), 0, samples // 2)  # type: ignore[method-assign, assignment]
    rows = stage.prior.config.rows
    assert stage.draw(np.random.default_rng(0), 0)[-2].sum(1).tolist() == [rows // 2 - 1] * stage.batch
    stage.augmenter.draw_recorded = lambda rng: (np.zeros(samples, np.float32), 0, samples)  # type: ignore[method-assign, assignment]
    assert stage.draw(np.random.default_rng(0), 0)[-2].all()


@pytest.mark.parametrize("change", ["prior.training.level_weights=[1,2,3]", "prior.training.level_weights=[1,0]", "prior.training.code_noise=1.5"])
def test_settings_of_a_stacked_training_that_make_no_sense_are_refused(folder_corpus: Path, codec: Path, change: str) -> None:
    with pytest.raises(PresetError, match=r"level_weights|code_noise"):
        prior_stage(making(folder_corpus, codec, *STACKED, change))


def test_time_steps_that_are_not_in_their_order_teach_a_prior_by_codebooks_nothing(folder_corpus: Path, codec: Path) -> None:
    stage = prior_stage(making(folder_corpus, codec))
    assert isinstance(stage, PriorStage)
    assert in_order([400, 200, 390], 400, 40).sum(1).tolist() == [40, 19, 38]
    latent = torch.ones(2, stage.grid.codebooks, stage.grid.frequency, stage.grid.time)
    latent[..., 30:] = 100.0
    counted = torch.from_numpy(in_order([31 * 10, 31 * 10], stage.grid.time * 10, stage.grid.time))
    assert stage.weighed(stage.grid.from_latent(latent), counted).item() == pytest.approx(1)
    assert stage.weighed(stage.grid.from_latent(latent)).item() > 10
