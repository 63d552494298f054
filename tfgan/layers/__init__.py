"""Keras layers that Keras lacks, or that it has in a form which costs more inside a GAN's step."""
