"""The doctor callback: it watches training, recognizes failures and names remedies."""

from tfgan.callbacks.doctor.doctor import Doctor

__all__ = ["Doctor"]
