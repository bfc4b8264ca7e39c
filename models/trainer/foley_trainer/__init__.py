"""Trainer of foleyd voices: RVQ-VAE codec, PixelSNAIL prior and HiFi-GAN vocoder."""

__version__ = "0.1.0"
