"""CTGAN on a table for a budget of processor seconds, and SDMetrics' own report on anybody's CSV.

    pip install ctgan==0.12.1 sdmetrics==0.32.0                # in a virtual environment of its own: PEER
    python benchmarks/peers_tables.py data adult FOLDER         # in this package's environment: train.csv, types.json
    PEER/bin/python benchmarks/peers_tables.py ctgan FOLDER ctgan.csv --seconds=240 --seed=0
    PEER/bin/python benchmarks/peers_tables.py report FOLDER ctgan.csv ours.csv
    python -m tfgan.evaluate --dataset=adult --samples=ctgan.csv --metrics=quality,tstr_32561,detection

`ctgan` trains with the package's defaults on one thread: for --seconds of processor time after its transformer is
fitted, or for its 300 epochs without --seconds (about 2,100 processor seconds on adult). It then samples as many
rows as the training table has. ctgan.csv.json tells versions, steps and seconds. Missing categories are
a category of their own for it, as it has no other way to keep them. `report` prints the scores of SDMetrics' QualityReport
against the training rows as JSON.

ctgan and its rdt are under the Business Source License 1.1, sdmetrics is under MIT. Neither is a dependency of this package,
and no code of them is in it.
"""

import argparse
import importlib.metadata
import json
import os
import time
import warnings
from pathlib import Path

MISSING = ["", "NA", "NaN", "null", "?"]  # cells that tfgan reads as missing
EPOCHS = 300


class Enough(Exception):
    """The budget is spent."""


def write_data(dataset, folder):
    """Write the training rows of a data set as train.csv, and SDMetrics' type of each column as types.json."""
    import numpy as np

    import tfgan

    source = tfgan.data.open_source(dataset)
    rows = source.kind.decode(source.examples(np.arange(source.num_examples))[0])
    types = {
        column.name: "categorical"
        if column.is_category
        else "datetime"
        if column.type == "date"
        else "numerical"
        for column in source.kind.columns
    }
    folder.mkdir(parents=True, exist_ok=True)
    source.kind.write(folder / "train.csv", ".csv", [rows], np.arange(len(rows)))
    (folder / "types.json").write_text(json.dumps(types, indent=1) + "\n", encoding="utf-8")
    print(f"{folder}: {len(rows)} rows, {len(types)} columns")


def read(path, types, *, missing):
    """Return a CSV file as a data frame: texts of categories, numbers, dates; `missing` makes NaN of missing cells."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=MISSING if missing else [])[
        list(types)
    ]
    for name, kind in types.items():
        if kind == "numerical":
            frame[name] = pd.to_numeric(frame[name])
        if kind == "datetime" and missing:
            frame[name] = pd.to_datetime(frame[name])
    return frame


def run_ctgan(folder, out, seconds, seed):
    """Train CTGAN, sample as many rows as it was trained on, and write them."""
    # LOKY: the transformer else starts a process a core, whose seconds are not counted
    limits = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    os.environ.update(dict.fromkeys(limits, "1"))
    import numpy as np
    import torch
    from ctgan import CTGAN
    from ctgan.data_sampler import DataSampler

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    np.random.seed(seed)
    torch.manual_seed(seed)
    types = json.loads((folder / "types.json").read_text(encoding="utf-8"))
    frame = read(folder / "train.csv", types, missing=False)
    discrete = [name for name, kind in types.items() if kind == "categorical"]
    model = CTGAN(epochs=EPOCHS if seconds is None else 10**9, enable_gpu=False)
    model.set_random_state(seed)
    clock = {"start": time.process_time(), "conditions": 0}
    draw = DataSampler.sample_condvec

    def counted(self, batch):
        """Draw the conditions of half a step (one draw for D, one for G); raise `Enough` after the last step."""
        clock.setdefault("trained_from", time.process_time())
        if seconds is not None and time.process_time() - clock["trained_from"] > seconds:
            raise Enough
        clock["conditions"] += 1
        return draw(self, batch)

    DataSampler.sample_condvec = counted
    try:
        model.fit(frame, discrete)
    except Enough:
        pass
    finally:
        DataSampler.sample_condvec = draw
    trained = time.process_time()
    model.sample(len(frame)).to_csv(out, index=False)
    about = {
        **{name: importlib.metadata.version(name) for name in ("ctgan", "rdt", "torch")},
        "seed": seed,
        "steps": clock["conditions"] // 2,
        "fit_seconds": round(clock["trained_from"] - clock["start"], 1),
        "training_seconds": round(trained - clock["trained_from"], 1),
        "sampling_seconds": round(time.process_time() - trained, 1),
        "rows": len(frame),
    }
    Path(f"{out}.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(about))


def report(folder, paths):
    """Print the scores of SDMetrics' own report on each file."""
    from sdmetrics.reports import QualityReport

    warnings.simplefilter("ignore")
    types = json.loads((folder / "types.json").read_text(encoding="utf-8"))
    columns = {
        name: {"sdtype": kind, **({"datetime_format": "%Y-%m-%d"} if kind == "datetime" else {})}
        for name, kind in types.items()
    }
    real = read(folder / "train.csv", types, missing=True)
    for path in paths:
        made = QualityReport()
        made.generate(
            {"table": real},
            {"table": read(path, types, missing=True)},
            {"tables": {"table": {"columns": columns}}},
            verbose=False,
        )
        found = made.get_properties().set_index("Property")["Score"]
        scores = {"quality": made.get_score(), "column_shapes": found["Column Shapes"]}
        scores["column_pairs"] = found["Column Pair Trends"]
        print(json.dumps({"file": str(path), **{name: float(value) for name, value in scores.items()}}))


def main():
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    data = commands.add_parser("data")
    data.add_argument("dataset")
    ctgan = commands.add_parser("ctgan")
    scores = commands.add_parser("report")
    for command in (data, ctgan, scores):
        command.add_argument("folder", type=Path)
    ctgan.add_argument("out", type=Path)
    ctgan.add_argument("--seconds", type=float, help="processor seconds of training (default: 300 epochs)")
    ctgan.add_argument("--seed", type=int, default=0)
    scores.add_argument("files", type=Path, nargs="+")
    given = parser.parse_args()
    if given.command == "data":
        write_data(given.dataset, given.folder)
    elif given.command == "ctgan":
        run_ctgan(given.folder, given.out, given.seconds, given.seed)
    else:
        report(given.folder, given.files)


if __name__ == "__main__":
    main()
