"""Keras callbacks that log, evaluate, save, diagnose and stop training."""

from tfgan.core import checked_backend  # noqa: F401

# isort: split

from tfgan.callbacks.checkpoint import Checkpoint
from tfgan.callbacks.doctor.doctor import Doctor
from tfgan.callbacks.evaluation import Evaluation
from tfgan.callbacks.evaluation_history import Monitor, Watched
from tfgan.callbacks.metrics_log import Records
from tfgan.callbacks.profile import Profile
from tfgan.callbacks.progress import Progress
from tfgan.callbacks.sample_grid import SampleGrid
from tfgan.callbacks.stopping import StopAfter, StopOnNonFinite, StopOnSignal, StopTogether
from tfgan.callbacks.tensorboard import EventLog

__all__ = [
    "Checkpoint",
    "Doctor",
    "Evaluation",
    "EventLog",
    "Monitor",
    "Profile",
    "Progress",
    "Records",
    "SampleGrid",
    "StopAfter",
    "StopOnNonFinite",
    "StopOnSignal",
    "StopTogether",
    "Watched",
]
