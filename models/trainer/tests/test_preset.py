import pytest

from foley_trainer import preset
from foley_trainer.codec import CodecConfig
from foley_trainer.vocoder import VocoderConfig


@pytest.mark.parametrize("name", preset.names())
def test_every_preset_makes_its_models(name: str):
    settings = preset.load(name)
    CodecConfig(**settings["codec"]["config"])
    VocoderConfig(**settings["vocoder"]["config"])
    assert settings["name"] == name
    assert settings["about"]


def test_a_change_reaches_its_setting_and_nothing_else():
    plain, changed = preset.load("rvq"), preset.load("rvq", ["prior.training.lr=1e-3", "prior.config.condition=map"])
    assert changed["prior"]["training"]["lr"] == 1e-3
    assert changed["prior"]["config"].pop("condition") == "map"
    plain["prior"]["config"].pop("condition")
    plain["prior"]["training"].pop("lr")
    changed["prior"]["training"].pop("lr")
    assert plain == changed


@pytest.mark.parametrize("change", ["prior.training.lr", "none.lr=3", "prior.training.lr.deep=3"])
def test_a_wrong_change_is_refused(change: str):
    with pytest.raises(preset.PresetError):
        preset.load("rvq", [change])


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(preset.PresetError, match="rvq-paper"):
        preset.load("nope")
