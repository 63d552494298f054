"""Experiment trackers by name: each receives a copy of the records of a run."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from tfgan.core.registry import Registry
from tfgan.tracking._catalogue import TRACKERS

__all__ = ["check_installed", "names", "trackers"]

trackers = Registry("track", TRACKERS, base="tfgan.tracking.tracker:Tracker")
names = trackers.names


def check_installed(chosen: Iterable[str]) -> None:
    """Raise `ValueError` if a package of one of these trackers is not installed; import none of them."""
    for name in chosen:
        for package in trackers.load(name).packages:
            if importlib.util.find_spec(package) is None:
                raise ValueError(
                    f"--track: expected the package {package} for {name}, which is not installed; pip install 'tfgan[{name}]'"
                )
