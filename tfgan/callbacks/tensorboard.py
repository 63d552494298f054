"""Write TensorBoard's event files; an interrupted and resumed run keeps one curve per tag."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.compat.proto import summary_pb2
from tensorboard.plugins.hparams import api as hparams_api
from tensorboard.plugins.scalar import summary_v2 as scalar_plugin

from tfgan.core import files


class EventLog:
    """Write scalars, pictures and hyperparameters for TensorBoard.

    Args:
        folder: folder of the event files.
        start: step at which this process takes over; later events of an earlier process are cut.
    """

    def __init__(self, folder: str | Path, *, start: int = 0):
        folder = files.expand_home(folder)
        for file in sorted(folder.glob("events.out.tfevents.*")):
            _truncate(file, start)
        self._writer = tf.summary.create_file_writer(str(folder))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write one point of each curve, all in one event: each event costs one call of TensorFlow."""
        points = summary_pb2.Summary()
        for tag, value in values.items():
            points.MergeFrom(scalar_plugin.scalar_pb(tag, value))
        with self._writer.as_default(step):
            tf.summary.experimental.write_raw_pb(points.SerializeToString())
        self._writer.flush()

    def image(self, step: int, tag: str, pixels: np.ndarray) -> None:
        """Write one picture, uint8 of shape (height, width, channels)."""
        with self._writer.as_default(step):
            tf.summary.image(tag, pixels[None])
        self._writer.flush()

    def text(self, step: int, tag: str, markdown: str) -> None:
        """Write one entry of the text tab."""
        with self._writer.as_default(step):
            tf.summary.text(tag, markdown)
        self._writer.flush()

    def hparams(self, values: Mapping[str, Any]) -> None:
        """Write the hyperparameters that distinguish this run, for TensorBoard's HParams tab."""
        plain = {
            key: value if isinstance(value, (bool, int, float, str)) else str(value)
            for key, value in values.items()
        }
        with self._writer.as_default(0):
            hparams_api.hparams(plain)
        self._writer.flush()

    def close(self) -> None:
        """Finish the event file."""
        self._writer.close()


def _truncate(file: Path, last_step: int) -> None:
    """Drop the events of steps after `last_step`, and a half-written last one."""
    kept, dropped = [], False
    records = iter(tf.data.TFRecordDataset(str(file)))
    while True:
        try:
            record = next(records).numpy()
        except StopIteration:
            break
        except tf.errors.DataLossError:
            dropped = True
            break
        if tf.compat.v1.Event.FromString(record).step <= last_step:
            kept.append(record)
        else:
            dropped = True
    if dropped:
        with files.atomic(file) as aside, tf.io.TFRecordWriter(str(aside)) as writer:
            for record in kept:
                writer.write(record)
