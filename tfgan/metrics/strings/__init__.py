"""Metrics of texts and biological sequences: they compare codes, int (n, length)."""
