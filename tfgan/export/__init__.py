"""Export trained models."""

from tfgan.export.saved_model import save

__all__ = ["save"]
