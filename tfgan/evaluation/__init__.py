"""Draw examples from a model, score them, and evaluate its discriminator."""
