"""Choose the devices that a run trains on, and compare values over workers."""

from __future__ import annotations

import faulthandler
import functools
import hashlib
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tfgan.distributed import workers

CONNECTING_SECONDS = 300  # once all workers listen
# Between two exchanges, an interval of --log_every or the last score and export apart
PATIENCE_SECONDS = 3600


def build_strategy(kind: str = "auto", replicas: int | None = None) -> tf.distribute.Strategy:
    """Return a distribution strategy; call it before any other use of TensorFlow's devices.

    "auto" is multi_worker where TF_CONFIG or a Slurm step names several workers, mirrored where there are
    several GPUs, else one. Slurm's tasks may each train by themselves, with another strategy and another run
    folder.

    Args:
        kind: "auto", "one", "mirrored", "multi_worker" or "tpu".
        replicas: devices that "mirrored" uses; None for all.

    Raises:
        ValueError: a strategy that this machine or TF_CONFIG does not allow.
        TimeoutError: not all workers came.
    """
    found = workers.find_workers()
    count = len(found.addresses) if found else 0
    gpus = tf.config.list_physical_devices("GPU")
    if kind == "auto":
        kind = "multi_worker" if count > 1 else "mirrored" if len(gpus) > 1 or (replicas or 1) > 1 else "one"
    if replicas is not None and kind != "mirrored":
        raise ValueError(f"--replicas: expected --strategy=mirrored, whose devices it counts, got {kind}")
    if count > 1 and found.origin == "TF_CONFIG" and kind != "multi_worker":
        raise ValueError(
            f"--strategy: TF_CONFIG names {count} workers, which {kind!r} cannot use; use multi_worker, or unset TF_CONFIG"
        )
    return _STRATEGIES[kind](replicas, gpus, found)


def is_alone(of: tf.distribute.Strategy) -> bool:
    """Return whether this process is the only one that trains."""
    if not isinstance(of, tf.distribute.MultiWorkerMirroredStrategy):
        return True
    named = of.cluster_resolver.cluster_spec()
    return sum(named.num_tasks(kind) for kind in named.jobs) < 2


def is_chief(of: tf.distribute.Strategy) -> bool:
    """Return whether this process writes the run's files."""
    if is_alone(of):
        return True
    resolver = of.cluster_resolver
    return (resolver.task_type, resolver.task_id) == (
        "chief" if "chief" in resolver.cluster_spec().jobs else "worker",
        0,
    )


def agree(of: tf.distribute.Strategy, what: str, value: Any) -> None:
    """Check that a JSON value is the same on all workers.

    Raises:
        ValueError: the value differs.
    """
    if is_alone(of):
        return
    digest = int(hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12], 16)
    smallest, largest = (int(_max_over_workers(of, sign * digest).numpy()) * sign for sign in (-1, 1))
    if smallest != largest:
        raise ValueError(f"{what}: expected the same on every worker, and at least one has another")


def any_worker(of: tf.distribute.Strategy, value: int) -> int:
    """Return the largest value over all workers of a small whole number."""
    return value if is_alone(of) else int(_max_over_workers(of, value).numpy())


def _max_over_workers(of: tf.distribute.Strategy, value: int) -> tf.Tensor:
    """Return the largest value over workers."""
    _allow_silence()
    return tf.reduce_max(_build_gather(of)(tf.constant(value, tf.int64)))


def _allow_silence() -> None:
    """End this process with status 1 unless the next exchange follows within `PATIENCE_SECONDS`.

    It prints a traceback of all threads before it ends.

    TensorFlow notices a worker that has ended, but waits forever for a worker that hangs.
    """
    faulthandler.dump_traceback_later(PATIENCE_SECONDS, exit=True)


def be_patient() -> None:
    """Cancel the limit of `PATIENCE_SECONDS`: no exchange follows."""
    faulthandler.cancel_dump_traceback_later()


@functools.cache
def _build_gather(of: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a function that gathers one number of each worker: it sums one-hot vectors over all replicas."""

    def sum_one_hots(value):
        context = tf.distribute.get_replica_context()
        row = tf.one_hot(context.replica_id_in_sync_group, of.num_replicas_in_sync, dtype=tf.int64) * value
        return context.all_reduce(tf.distribute.ReduceOp.SUM, row)

    return tf.function(lambda value: of.experimental_local_results(of.run(sum_one_hots, args=(value,)))[0])


def _build_single(replicas, gpus, found) -> tf.distribute.Strategy:
    return tf.distribute.get_strategy()


def _build_mirrored(replicas, gpus, found) -> tf.distribute.Strategy:
    if replicas and replicas > 1 and not gpus:
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
    devices = [device.name for device in tf.config.list_logical_devices("GPU" if gpus else "CPU")]
    if replicas and replicas > len(devices):
        raise ValueError(
            f"--replicas: expected at most {len(devices)} (the devices of this machine), got {replicas}"
        )
    return tf.distribute.MirroredStrategy(devices[:replicas])


def _build_multi_worker(replicas, gpus, found) -> tf.distribute.Strategy:
    if not found:
        raise ValueError(
            "--strategy: multi_worker expected TF_CONFIG or srun to name the workers, got neither; see docs/scaling.md"
        )
    workers.meet(found, workers.MEETING_SECONDS)
    # TensorFlow lets no Python run while it connects
    faulthandler.dump_traceback_later(CONNECTING_SECONDS, exit=True)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy(found.resolver)
    except tf.errors.OpError as error:
        faulthandler.cancel_dump_traceback_later()
        raise ValueError(
            f"{found.origin}: this worker's server did not start ({str(error).splitlines()[0]})"
        ) from None
    if is_alone(strategy):
        be_patient()
    else:
        _allow_silence()
    if threading.current_thread() is threading.main_thread():
        # TensorFlow's server takes it, and does nothing
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    return strategy


def _build_tpu(replicas, gpus, found) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=os.environ.get("TPU_NAME", "local"))
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ValueError(
            f"--strategy: tpu found none ({str(error).splitlines()[0]}); use --strategy=one"
        ) from None
    return tf.distribute.TPUStrategy(resolver)


_STRATEGIES: Mapping[str, Callable[..., tf.distribute.Strategy]] = {
    "one": _build_single,
    "mirrored": _build_mirrored,
    "multi_worker": _build_multi_worker,
    "tpu": _build_tpu,
}
