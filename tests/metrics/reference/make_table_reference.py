"""Write table_reference.json: the scores that SDMetrics' own report has for the tables of reference_tables.py.

    pip install sdmetrics==0.32.0
    python tests/metrics/reference/make_table_reference.py

The tests read the values and draw the tables anew; SDMetrics is not needed for them.
"""

import importlib.metadata
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import reference_tables as tables
from sdmetrics.reports import QualityReport

PACKAGES = ("sdmetrics", "numpy", "pandas", "scipy")


def frame(cells, table):
    """Return cells as a data frame of the types that a reader of CSV gives."""
    columns = {}
    for values, column in zip(cells.T, table.columns, strict=True):
        if column.is_category:
            texts = [None if np.isnan(value) else column.values[int(value)] for value in values]
            columns[column.name] = pd.Series(texts, dtype=object)
        elif column.is_date:
            columns[column.name] = pd.to_datetime(pd.Series(values), unit="s")
        else:
            columns[column.name] = pd.Series(values)
    return pd.DataFrame(columns)


def score(table, real, fake):
    """Return the report's scores and each column's and pair's own."""
    types = {
        column.name: {"sdtype": "categorical"}
        if column.is_category
        else {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"}
        if column.is_date
        else {"sdtype": "numerical"}
        for column in table.columns
    }
    report = QualityReport()
    sides = ({"table": frame(side, table)} for side in (real, fake))
    report.generate(*sides, {"tables": {"table": {"columns": types}}}, verbose=False)
    shapes, pairs = (report.get_details(name) for name in ("Column Shapes", "Column Pair Trends"))
    properties = report.get_properties().set_index("Property")["Score"]
    counted = pairs[pairs["Meets Threshold?"].fillna(False).astype(bool)]
    return {
        "quality": number(report.get_score()),
        "column_shapes": number(properties["Column Shapes"]),
        "column_pairs": number(properties["Column Pair Trends"]),
        "columns": dict(zip(shapes["Column"], map(number, shapes["Score"]), strict=True)),
        "pairs": [
            [a, b, number(value)]
            for a, b, value in zip(counted["Column 1"], counted["Column 2"], counted["Score"], strict=True)
        ],
    }


def number(value):
    """Return a float, or None for NaN."""
    return None if np.isnan(value) else float(value)


def main():
    """Compute and write."""
    warnings.simplefilter("ignore")
    reference = {
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        **{name: score(*case) for name, case in tables.CASES.items()},
    }
    path = Path(__file__).with_name("table_reference.json")
    path.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
