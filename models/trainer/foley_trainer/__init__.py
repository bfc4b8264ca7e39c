"""Trainer of foleyd voices: RVQ-VAE codec, PixelSNAIL prior and HiFi-GAN vocoder."""

import os

# ONNX Runtime reads this when its library loads: otherwise it writes a device id below the home folder and reports usage.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
