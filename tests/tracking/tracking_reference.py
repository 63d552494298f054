"""Stand-ins for the packages of trackers, which remember each call, and records written by hand."""

import json
import sys
import types
from importlib.machinery import ModuleSpec
from typing import NamedTuple


class Metric(NamedTuple):
    key: str
    value: float
    timestamp: int
    step: int


class Param(NamedTuple):
    key: str
    value: str


class MlflowException(Exception):
    error_code = "RESOURCE_DOES_NOT_EXIST"


class Store:
    """The part of MLflow's client that the tracker calls, over a store that outlives its clients."""

    def __init__(self):
        self.runs, self.experiments, self.uris = {}, {}, []

    def client(self, uri):
        self.uris.append(uri)
        return self

    def get_experiment_by_name(self, name):
        return self.experiments.get(name)

    def create_experiment(self, name, artifact_location=None):
        self.experiments[name] = types.SimpleNamespace(experiment_id=name, place=artifact_location)
        return name

    def create_run(self, experiment_id, start_time, run_name):
        run = f"run{len(self.runs)}"
        place = f"{self.experiments[experiment_id].place}/{run}/artifacts"
        self.runs[run] = types.SimpleNamespace(
            info=types.SimpleNamespace(
                run_id=run, start_time=start_time, artifact_uri=place, lifecycle_stage="active"
            ),
            data=types.SimpleNamespace(params={}),
            name=run_name,
            metrics=[],
            artifacts=[],
            tags={},
            status="RUNNING",
        )
        return self.runs[run]

    def get_run(self, run):
        if run not in self.runs:
            raise MlflowException(f"no run {run}")
        return self.runs[run]

    def update_run(self, run, status):
        self.runs[run].status = status

    def log_batch(self, run, metrics=(), params=()):
        self.runs[run].metrics += metrics
        for param in params:
            assert self.runs[run].data.params.setdefault(*param) == param.value, "params cannot change"

    def log_artifact(self, run, path, folder=None):
        self.runs[run].artifacts.append("/".join(filter(None, (folder, path.rpartition("/")[2]))))

    def set_tag(self, run, key, value):
        self.runs[run].tags[key] = value

    def delete_run(self, run):
        self.runs[run].info.lifecycle_stage = "deleted"

    def set_terminated(self, run, status):
        self.runs[run].status = status


class Session:
    """A run of W&B."""

    def __init__(self, settings, number):
        self.settings = settings
        self.id = settings["id"] or f"id{number}"
        self.rows, self.summary, self.config, self.exit_code = [], {}, Updates(), None

    def log(self, row, step):
        assert not self.rows or step > self.rows[-1][0], "steps must rise"
        self.rows.append((step, row))

    def finish(self, exit_code):
        self.exit_code = exit_code


class Updates(dict):
    def update(self, values, allow_val_change):
        super().update(values)


def install(monkeypatch, name, **attributes):
    module = types.ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    vars(module).update(attributes)
    monkeypatch.setitem(sys.modules, name, module)


def write_records(folder, *records):
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))


def record(step, loss, seconds=None, **more):
    seconds = step / 10 if seconds is None else seconds
    return {"step": step, "seconds": seconds, "loss/total": loss, "speed/images_per_second": seconds, **more}
