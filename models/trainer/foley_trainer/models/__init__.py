"""The networks: RVQ-VAE, PixelSNAIL prior, HiFi-GAN vocoder, embedders, and the code grid between them."""
