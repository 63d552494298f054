"""Everything that watches training: Keras callbacks, built with all they need."""

from tfgan import _checked_backend  # noqa: F401
from tfgan.callbacks.checkpoint import Checkpoint
from tfgan.callbacks.doctor import Doctor
from tfgan.callbacks.evaluation import Evaluation
from tfgan.callbacks.event_log import EventLog
from tfgan.callbacks.history import Watched
from tfgan.callbacks.profile import Profile
from tfgan.callbacks.progress import Progress
from tfgan.callbacks.records import Records
from tfgan.callbacks.sample_grid import SampleGrid
from tfgan.callbacks.stopping import StopAfter, StopOnNonFinite, StopOnSignal, StopTogether

__all__ = [
    "Checkpoint",
    "Doctor",
    "Evaluation",
    "EventLog",
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
