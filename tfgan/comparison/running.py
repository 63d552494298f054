"""Train the runs of a study in parallel subprocesses that share the machine's cores and GPUs."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgan.comparison.study import Cell, Study, to_flags
from tfgan.core import files

DONE, DIVERGED = 0, 3
SIGNALS = {128 + number for number in (signal.SIGINT, signal.SIGTERM)}
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
LIBRARIES = ("tfgan", "tensorflow", "keras", "numpy")
ERROR_LINES = 3
KIB = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a cell's run ended.

    Attributes:
        state: "finished", "diverged", "failed", "stopped" (by a signal or a time limit; it can continue) or
            "not run".
        status: exit status of the last process, None before the first.
        error: last lines of the output of a run that did not finish.
        processor_seconds: processor time of all processes of the run.
        peak_mib: peak resident memory over these processes, in MiB.
        threads: number of threads of the last process.
        versions: versions of Python and the libraries, and the machine.
    """

    state: str = "not run"
    status: int | None = None
    error: str = ""
    processor_seconds: float = 0.0
    peak_mib: float = 0.0
    threads: int = 0
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_result(self) -> bool:
        """Whether nothing is left to run: a diverged run would diverge again."""
        return self.state in ("finished", "diverged")


def read_outcome(study: Study, cell: Cell) -> Outcome:
    """Read the outcome of a cell's run from its file."""
    file = study.outcome(cell)
    return Outcome(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else Outcome()


def build_command(study: Study, cell: Cell) -> list[str]:
    """Return the command of a cell's run."""
    return [sys.executable, "-m", "tfgan.train", *to_flags(study.config(cell))]


def count_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def list_gpus(environment: Mapping[str, str]) -> list[str]:
    """Return the names of the usable GPUs, from CUDA_VISIBLE_DEVICES or the driver."""
    if "CUDA_VISIBLE_DEVICES" in environment:
        return [name for name in environment["CUDA_VISIBLE_DEVICES"].split(",") if name not in ("", "-1")]
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    return told.stdout.split()


class Runner:
    """Run cells in parallel.

    Args:
        study: the study of the cells.
        workers: number of parallel processes; None for one per GPU, or one per core on a machine without
            GPUs.
        environment: environment of the processes; the runner adds threads and GPUs.
        say: prints a line when a run begins or ends.

    Attributes:
        received: number of the signal that ended the runner, or None.
    """

    received: int | None = None

    def __init__(
        self, study: Study, workers: int | None, environment: Mapping[str, str], say: Callable[[str], None]
    ):
        self.study = study
        self.environment = dict(environment)
        self.gpus = list_gpus(environment)
        self.workers = workers or len(self.gpus) or count_cores()
        self.say = say
        self._processes: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._failed_write: OSError | None = None

    def run(self, cells: Sequence[Cell]) -> None:
        """Run the cells that have no result yet, and write the outcome of each.

        SIGINT and SIGTERM save and stop all runs.

        Raises:
            OSError: an outcome or a log cannot be written, for example on a full disk; it is raised after the
                active runs end, and no further run begins.
        """
        waiting: queue.SimpleQueue[tuple[int, Cell]] = queue.SimpleQueue()
        todo = [cell for cell in cells if not read_outcome(self.study, cell).is_result]
        for numbered in enumerate(todo, start=1):
            waiting.put(numbered)
        workers = min(self.workers, len(todo))
        threads = [
            threading.Thread(target=self._work, args=(slot, workers, waiting, len(todo)))
            for slot in range(workers)
        ]
        with self._stopping():
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():  # a join without a timeout would delay signals
                    thread.join(0.2)
        if self._failed_write:
            raise self._failed_write

    def _work(self, slot: int, workers: int, waiting: queue.SimpleQueue, total: int) -> None:
        share = {name: str(max(1, count_cores() // workers)) for name in THREADS}
        if self.gpus:
            share |= {
                "CUDA_VISIBLE_DEVICES": self.gpus[slot % len(self.gpus)],
                "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            }
        while self.received is None and self._failed_write is None:
            try:
                number, cell = waiting.get_nowait()
            except queue.Empty:
                return
            place = f"[{number} of {total}] {cell.dataset}, {cell.contender.label}, seed {cell.seed}"
            self.say(f"{place}: begins")
            began = time.monotonic()
            try:
                ended = self._run(cell, {**self.environment, **share}, int(share[THREADS[0]]))
            except OSError as error:  # `run` raises it again: here it would end only this thread
                self._failed_write = error
                return
            reason = f": {ended.error.splitlines()[-1]}" if ended.error else ""
            self.say(f"{place}: {ended.state} after {(time.monotonic() - began) / 60:.1f} min{reason}")

    def _run(self, cell: Cell, environment: Mapping[str, str], threads: int) -> Outcome:
        before, log = read_outcome(self.study, cell), self.study.log(cell)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as stream:
            start = stream.tell()
            with self._lock:
                if self.received is not None:
                    return dataclasses.replace(before, error="")
                process = subprocess.Popen(
                    build_command(self.study, cell),
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,  # a signal from the terminal reaches it only through this process
                )
                self._processes.add(process)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            with self._lock:
                self._processes.discard(process)
        after = Outcome(
            state=_read_state(process.returncode, self.study.run_dir(cell)),
            status=process.returncode,
            processor_seconds=round(before.processor_seconds + usage.ru_utime + usage.ru_stime, 3),
            peak_mib=round(max(before.peak_mib, usage.ru_maxrss * KIB / 2**20), 1),
            threads=threads,
            versions=collect_versions(),
        )
        if after.state != "finished":
            after = dataclasses.replace(after, error=_read_last_lines(log, start))
        files.write_json(self.study.outcome(cell), dataclasses.asdict(after))
        return after

    @contextlib.contextmanager
    def _stopping(self) -> Iterator[None]:
        """Forward SIGINT and SIGTERM to the runs as SIGTERM; they save and end."""

        def receive(number, frame):
            self.received = number
            with self._lock:  # the main thread, which runs this handler, never holds it elsewhere
                for process in self._processes:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process.pid, signal.SIGTERM)

        before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def collect_versions() -> dict[str, str]:
    """Return the versions of Python and the libraries without importing them, and the machine."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    if "tfgan" not in found:  # a checkout that is not installed
        import tfgan

        found["tfgan"] = tfgan.__version__
    return found | {"machine": f"{platform.system()} {platform.machine()}, {count_cores()} cores"}


def _read_state(status: int, run_dir: Path) -> str:
    if status == DIVERGED:
        return "diverged"
    if status in SIGNALS or -status in (signal.SIGINT, signal.SIGTERM):
        return "stopped"
    if status != DONE:
        return "failed"
    file = run_dir / "evaluation.json"
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return "finished" if record.get("finished") else "stopped"


def _read_last_lines(log: Path, start: int) -> str:
    """Return the last lines of a process's output, without progress bars."""
    with open(log, "rb") as stream:
        stream.seek(start)
        text = stream.read().decode(errors="replace")
    lines = [line.split("\r")[-1].strip() for line in text.splitlines()]
    return "\n".join(
        [line for line in lines if line and "step/s" not in line and "s/step" not in line][-ERROR_LINES:]
    )
