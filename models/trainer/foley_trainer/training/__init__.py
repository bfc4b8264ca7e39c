"""The training loop, the stages that run in it, their presets and their checkpoints."""
