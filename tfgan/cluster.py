"""Which devices a run trains on, and how several workers agree."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tfgan.config import Config


def strategy(config: Config) -> tf.distribute.Strategy:
    """Return the distribution strategy that a config names; call it before any other use of TensorFlow's devices.

    "auto" is multi_worker where TF_CONFIG names several workers, mirrored where there are several GPUs, else one.

    Raises:
        ValueError: a strategy that this machine or TF_CONFIG does not allow.
    """
    tasks = _workers()
    kind = config.strategy
    gpus = tf.config.list_physical_devices("GPU")
    if kind == "auto":
        kind = "multi_worker" if len(tasks) > 1 else "mirrored" if len(gpus) > 1 else "one"
    if len(tasks) > 1 and kind != "multi_worker":
        raise ValueError(
            f"--strategy: TF_CONFIG names {len(tasks)} workers, which {kind!r} cannot use; use multi_worker, or unset TF_CONFIG"
        )
    chosen = _STRATEGIES[kind](config, gpus, tasks)
    if config.batch_size % chosen.num_replicas_in_sync:
        raise ValueError(f"--batch_size: expected a multiple of the {chosen.num_replicas_in_sync} replicas, got {config.batch_size}")
    return chosen


def is_alone(of: tf.distribute.Strategy) -> bool:
    """Return whether this process is the only one that trains."""
    return not isinstance(of, tf.distribute.MultiWorkerMirroredStrategy) or len(_workers()) < 2


def is_chief(of: tf.distribute.Strategy) -> bool:
    """Return whether this process writes the run's files."""
    resolver = of.cluster_resolver
    return resolver is None or not resolver.task_type or (resolver.task_type, resolver.task_id) in (("worker", 0), ("chief", 0))


def agree(of: tf.distribute.Strategy, what: str, value: Any) -> None:
    """Compare a JSON value over all workers.

    Raises:
        ValueError: it differs.
    """
    if is_alone(of):
        return
    digest = int(hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12], 16)
    smallest, largest = (int(_over_workers(of, sign * digest).numpy()) * sign for sign in (-1, 1))
    if smallest != largest:
        raise ValueError(f"{what}: expected the same on every worker, and at least one has another")


def any_worker(of: tf.distribute.Strategy, value: int) -> int:
    """Return the largest of one small whole number over all workers."""
    return value if is_alone(of) else int(_over_workers(of, value).numpy())


def _over_workers(of: tf.distribute.Strategy, value: int) -> tf.Tensor:
    """Return the largest value over workers."""
    return tf.reduce_max(_gathering(of)(tf.constant(value, tf.int64)))


@functools.cache
def _gathering(of: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the function from each worker's number to those of all replicas: one-hot vectors, summed."""

    def mine(value):
        context = tf.distribute.get_replica_context()
        row = tf.one_hot(context.replica_id_in_sync_group, of.num_replicas_in_sync, dtype=tf.int64) * value
        return context.all_reduce(tf.distribute.ReduceOp.SUM, row)

    return tf.function(lambda value: of.experimental_local_results(of.run(mine, args=(value,)))[0])


def _workers() -> list[str]:
    """Return the addresses of the workers that TF_CONFIG names; none without it.

    Raises:
        ValueError: a TF_CONFIG that is no cluster with a task in it.
    """
    text = os.environ.get("TF_CONFIG", "")
    if not text.strip():
        return []
    expected = """TF_CONFIG: expected {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}"""
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{expected}, got no JSON ({error})") from None
    cluster, task = (record.get(key) if isinstance(record, Mapping) else None for key in ("cluster", "task"))
    if not isinstance(cluster, Mapping) or not isinstance(task, Mapping) or not set(cluster) <= {"worker", "chief"}:
        raise ValueError(f"{expected}, got {text}")
    addresses = [address for kind in ("chief", "worker") for address in cluster.get(kind, [])]
    own = cluster.get(task.get("type"), [])
    if not addresses or not isinstance(task.get("index"), int) or not 0 <= task["index"] < len(own):
        raise ValueError(f"{expected}, got task {dict(task)} of cluster {dict(cluster)}")
    if len(set(addresses)) < len(addresses) or not all(isinstance(a, str) and a.rpartition(":")[2].isdigit() for a in addresses):
        raise ValueError(f"{expected} with different addresses, got {addresses}")
    return addresses


def _one(config, gpus, tasks) -> tf.distribute.Strategy:
    return tf.distribute.get_strategy()


def _mirrored(config, gpus, tasks) -> tf.distribute.Strategy:
    if config.replicas and config.replicas > 1 and not gpus:
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * config.replicas)
    devices = [device.name for device in tf.config.list_logical_devices("GPU" if gpus else "CPU")]
    if config.replicas and config.replicas > len(devices):
        raise ValueError(f"--replicas: expected at most {len(devices)} (the devices of this machine), got {config.replicas}")
    return tf.distribute.MirroredStrategy(devices[: config.replicas])


def _multi_worker(config, gpus, tasks) -> tf.distribute.Strategy:
    if not tasks:
        raise ValueError("--strategy: multi_worker expected TF_CONFIG to name the workers, got none; see docs/scaling.md")
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise ValueError(f"TF_CONFIG: this worker's server did not start ({str(error).splitlines()[0]}); is its port in use?") from None


def _tpu(config, gpus, tasks) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu="")
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(f"--strategy: tpu found none ({str(error).splitlines()[0]}); use --strategy=one") from None
    return tf.distribute.TPUStrategy(resolver)


_STRATEGIES: Mapping[str, Callable[..., tf.distribute.Strategy]] = {
    "one": _one,
    "mirrored": _mirrored,
    "multi_worker": _multi_worker,
    "tpu": _tpu,
}
