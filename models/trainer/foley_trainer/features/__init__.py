"""Log-mel spectrograms and the patches that embedders read."""
