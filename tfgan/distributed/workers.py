"""Find the workers that TF_CONFIG or Slurm names, and let them meet."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

MEETING_SECONDS = 900  # images are pulled and nodes booted in it
TELL_SECONDS = 20  # that workers which were started together may be apart
# Of a Slurm job's first task on each node: below those that Linux hands out, 16 tasks apart
PORTS = range(20000, 32000, 16)


class Workers(NamedTuple):
    """The workers of a run.

    Attributes:
        origin: "TF_CONFIG" or "Slurm".
        addresses: host:port of each, the chief's first.
        own: which of them this process is.
        resolver: tells TensorFlow the same.
    """

    origin: str
    addresses: Sequence[str]
    own: int
    resolver: tf.distribute.cluster_resolver.ClusterResolver


def find_workers() -> Workers | None:
    """Return the workers that TF_CONFIG names, else the workers of this Slurm step.

    None if there are neither.

    Raises:
        ValueError: a TF_CONFIG that is no cluster with a task in it, or a Slurm step that cannot be
            understood.
    """
    if os.environ.get("TF_CONFIG", "").strip():
        return _parse_tf_config(os.environ["TF_CONFIG"])
    # Slurm sets this in srun's tasks alone: the shell of a batch script that was granted several is no task.
    if os.environ.get("SLURM_STEP_NUM_TASKS", "1").strip() != "1":
        return _parse_slurm()
    return None


def meet(workers: Workers, seconds: float) -> None:
    """Wait until every worker listens at its address.

    TensorFlow's own wait never ends and ignores signals.

    A worker listens, first here and then as TensorFlow's server, until it ends; so each can look for the
    others in its own time.

    Raises:
        ValueError: this worker's port is in use.
        TimeoutError: others did not come.
    """
    port = int(workers.addresses[workers.own].rpartition(":")[2])
    missing = [address for index, address in enumerate(workers.addresses) if index != workers.own]
    began, told = time.monotonic(), False
    try:
        listener = socket.create_server(("", port), backlog=len(workers.addresses) + 128)
    except OSError as error:
        raise ValueError(
            f"{workers.origin}: this worker cannot listen at port {port} ({os.strerror(error.errno)}); free it or use another"
        ) from None
    with listener:
        while missing := [address for address in missing if not _is_listening(address)]:
            passed = time.monotonic() - began
            if passed > seconds:
                raise TimeoutError(
                    f"{workers.origin}: no answer from {', '.join(missing)} in {seconds:g} s; start the command on all workers"
                )
            if passed > TELL_SECONDS and not told:
                told = True
                logging.warning("waiting up to %g s for %s", seconds, ", ".join(missing))
            time.sleep(0.5)


def _is_listening(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except OSError:
        return False
    return True


def _parse_tf_config(text: str) -> Workers:
    expected = """TF_CONFIG: expected {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}"""
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{expected}, got no JSON ({error})") from None
    cluster, task = (record.get(key) if isinstance(record, Mapping) else None for key in ("cluster", "task"))
    if (
        not isinstance(cluster, Mapping)
        or not isinstance(task, Mapping)
        or not set(cluster) <= {"worker", "chief"}
    ):
        raise ValueError(f"{expected}, got {text}")
    if not all(isinstance(named, list) for named in cluster.values()):
        raise ValueError(f"{expected}, got {text}")
    addresses = [address for kind in ("chief", "worker") for address in cluster.get(kind, [])]
    kind, index = task.get("type"), task.get("index")
    own = cluster.get(kind, []) if isinstance(kind, str) else []
    if not addresses or not isinstance(index, int) or not 0 <= index < len(own):
        raise ValueError(f"{expected}, got task {dict(task)} of cluster {dict(cluster)}")
    if not all(isinstance(a, str) and _is_port(a.rpartition(":")[2]) for a in addresses) or len(
        set(addresses)
    ) < len(addresses):
        raise ValueError(f"{expected} with different addresses, got {addresses}")
    return Workers(
        "TF_CONFIG",
        addresses,
        addresses.index(own[index]),
        tf.distribute.cluster_resolver.TFConfigClusterResolver(),
    )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 2**16


def _parse_slurm() -> Workers:
    try:
        resolver = _SlurmResolver()
        addresses = resolver.cluster_spec().job_tasks("worker")
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"Slurm: the step's tasks cannot be told ({error}); start the command with srun, or set TF_CONFIG"
        ) from None
    here, there = os.environ.get("SLURMD_NODENAME"), addresses[resolver.task_id].rpartition(":")[0]
    if here and here != there:
        raise ValueError(
            f"Slurm: expected task {resolver.task_id} on {there}, and it runs on {here}; use srun --distribution=block"
        )
    return Workers("Slurm", addresses, resolver.task_id, resolver)


class _SlurmResolver(tf.distribute.cluster_resolver.SlurmClusterResolver):
    """TensorFlow's reading of Slurm's variables, with nodes in Slurm's order and GPUs as Slurm shares them out.

    TensorFlow's own sorts nodes by name, n10 before n9, so that a rank is sought where it does not run; and
    it divides the node's GPUs among the tasks by number, which fails where there are none and where Slurm has
    divided them.
    """

    def __init__(self):
        job = int(os.environ.get("SLURM_JOB_ID", "0"))  # jobs that share a node must not share ports
        super().__init__(
            port_base=PORTS[job % len(PORTS)], gpus_per_node=0, gpus_per_task=0, auto_set_gpu=False
        )
        if not 0 <= self._rank < self._resolve_num_tasks():
            raise ValueError(f"SLURM_PROCID={self._rank} of SLURM_STEP_NUM_TASKS={self._resolve_num_tasks()}")

    def cluster_spec(self) -> tf.train.ClusterSpec:
        tasks = self._task_configuration.items()
        addresses = [f"{node}:{self._port_base + place}" for node, count in tasks for place in range(count)]
        self.task_type, self.task_id = "worker", self._rank
        return tf.train.ClusterSpec({"worker": addresses})

    def num_accelerators(self, task_type=None, task_id=None, config_proto=None) -> dict[str, int]:
        return {"GPU": len(tf.config.list_physical_devices("GPU"))}
