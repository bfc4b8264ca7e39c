"""A voice folder: built from trained stages or published checkpoints, described by its card, run from Python."""
