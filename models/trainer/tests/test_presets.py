import pytest

from foley_trainer.models.grid import Grid
from foley_trainer.models.hifigan import VocoderConfig
from foley_trainer.models.rvq_vae import CodecConfig
from foley_trainer.training import presets


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_makes_its_models(name: str):
    settings = presets.load(name)
    CodecConfig(**settings["codec"]["config"])
    VocoderConfig(**settings["vocoder"]["config"])
    assert settings["name"] == name
    assert settings["about"]


@pytest.mark.parametrize(
    ("name", "grid"), [("vq-baseline", (20, 86)), ("rvq", (40, 43)), ("rvq-freq", (20, 86)), ("rvq-time", (80, 22)), ("rvq-plain", (40, 43))]
)
def test_every_system_of_the_paper_fills_its_grid_and_differs_in_nothing_else(name: str, grid: tuple[int, int]):
    settings, proposal = presets.load(name), presets.load("rvq")
    codec = CodecConfig(**settings["codec"]["config"])
    made = Grid(codec.codebooks, *codec.latent_shape, **settings["grid"])
    assert (made.rows, made.cols) == grid
    for part in (settings, proposal):
        part["codec"]["config"].pop("strides")
        part["codec"]["config"].pop("codebooks")
        part["prior"]["config"].pop("condition")
        part.pop("name")
        part.pop("about")
    assert settings == proposal


def test_a_scale_takes_the_place_of_the_root():
    tiny, scaled = presets.load("tiny"), presets.load("vq-baseline", scale="tiny")
    assert scaled["name"] == "vq-baseline"
    assert scaled["codec"]["config"] == tiny["codec"]["config"] | {"strides": [[2, 2], [2, 2]], "codebooks": 1}
    assert scaled["prior"] == tiny["prior"]
    assert presets.load("rvq", scale="rvq-paper")["prior"] == presets.load("rvq-paper")["prior"]


def test_an_override_changes_only_its_setting():
    plain, changed = presets.load("rvq"), presets.load("rvq", ["prior.training.lr=1e-3", "prior.config.condition=map"])
    assert changed["prior"]["training"]["lr"] == 1e-3
    assert changed["prior"]["config"].pop("condition") == "map"
    plain["prior"]["config"].pop("condition")
    plain["prior"]["training"].pop("lr")
    changed["prior"]["training"].pop("lr")
    assert plain == changed


@pytest.mark.parametrize("change", ["prior.training.lr", "none.lr=3", "prior.training.lr.deep=3"])
def test_an_invalid_override_is_refused(change: str):
    with pytest.raises(presets.PresetError):
        presets.load("rvq", [change])


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(presets.PresetError, match="rvq-paper"):
        presets.load("nope")
