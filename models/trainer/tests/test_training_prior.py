"""What the prior's training asks for beyond the loss of its cells."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from foley_trainer.data.corpus import open_corpus
from foley_trainer.training import presets
from foley_trainer.training.presets import PresetError
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
