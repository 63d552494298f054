"""Tables from CSV files and frames: what is recognized, which files are refused, and who is held out."""

import datetime
import gzip
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from tfgan import data, kinds
from tfgan.core import csv_file
from tfgan.data import tables
from tfgan.kinds import fitting

ROWS = 200
random = np.random.default_rng(0)
AGES = random.integers(18, 90, ROWS)
PLAIN = "age,city\n" + "".join(f"{age},{'Rome' if i % 3 else 'Oslo'}\n" for i, age in enumerate(AGES))


def write(folder, content, name="t.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def opened(folder, content, name="t.csv", **options):
    return data.open_source(f"csv:{write(folder, content, name)}", **options)


def columns_of(source):
    return {column.name: column for column in source.kind.columns}


def cells_of(source):
    return source.kind.expand(*source.arrays[0])


def column(name, values):
    return f"{name},b\n" + "".join(f"{value},{i % 7}\n" for i, value in enumerate(values))


MANY = [f"t{i % 150}" for i in range(ROWS * 2)]
WIDE = "".join(f"c{i}," for i in range(30)) + "x\n"
WIDE += "".join(",".join(f"v{(i * 37 + j) % 80}" for i in range(30)) + f",{j}\n" for j in range(400))
REFUSED = {  # content, options, message
    "empty": ("", {}, "expected a header and rows, got an empty file"),
    "header only": ("a,b\n", {}, "expected rows below the header, got none"),
    "no header": ("1,2\n3,4\n", {}, "expected the names of the columns in the first line, got numbers only"),
    "repeated name": ("a,a\n1,2\n", {}, "expected different names of the columns, got 'a' twice"),
    "empty name": ("a,,b\n1,2,3\n", {}, "expected a name for every column, got none for column 2"),
    "short row": (
        "a,b\n1,2\n3\n4,5\n",
        {},
        "expected 2 cells in each row, as in the header, got 1 in line 3",
    ),
    "long row": ("a,b\n1,2\n3,4,5\n", {}, "expected 2 cells in each row, as in the header, got 3 in line 3"),
    "latin-1": ("a,b\n1,caf\xe9\n".encode("latin-1"), {}, "expected UTF-8, got the byte 0xe9 at position 9"),
    "NUL": ("a,b\n1,x\0\n", {}, "expected text, got a NUL byte in line 2"),
    "open quote": ('a,b\n1,"x\n2,y\n', {}, "expected quotes as in RFC 4180 from line 2 on"),
    "text behind a quote": ('a,b\n1,"x"y\n', {}, "expected quotes as in RFC 4180 from line 2 on"),
    "half a gzip": (gzip.compress(PLAIN.encode())[:-20], {}, "expected a whole file of gzip"),
    "missing column": (
        "a,b\n,1\n,2\n,3\n",
        {},
        "expected values in column 'a', got missing cells only; use --drop=a",
    ),
    "constants": ("a,b\n1,x\n1,x\n1,x\n", {}, "expected a column that is neither constant nor an identifier"),
    "identifiers": (
        "a,b\n" + "".join(f"p{i},{i}\n" for i in range(ROWS)),
        {},
        "expected a column to model, got identifiers only (a, b)",
    ),
    "target": (PLAIN, {"target": "ages"}, "--target: expected a column of"),
    "target, nearest": (PLAIN, {"target": "ages"}, "got 'ages' (did you mean 'age'?)"),
    "categorical": (PLAIN, {"categorical": ("town",)}, "--categorical: expected a column of"),
    "drop": (PLAIN, {"drop": ("town",)}, "--drop: expected a column of"),
    "drop all": (PLAIN, {"drop": ("age", "city")}, "expected a column that is kept, got --drop of all 2"),
    "group": (PLAIN, {"group": "patient"}, "--group: expected a column of"),
    "dropped target": (
        PLAIN,
        {"target": "age", "drop": ("age",)},
        "--target: expected a column that is kept",
    ),
    "identifier as target": (
        "a,b\n" + "".join(f"p{i},{i % 7}\n" for i in range(ROWS)),
        {"target": "a"},
        "--target: expected a column that is modeled, got 'a', which is an identifier",
    ),
    "inf": (column("a", [1, 2, "inf", 3]), {}, "expected finite numbers in column 'a', got 'inf' in row 3"),
    "1e400": (
        column("a", [1, 2, 3, "1e400"]),
        {},
        "expected finite numbers in column 'a', got '1e400' in row 4",
    ),
    "decimal comma": (
        "a;b\n1,5;2\n2;3\n3,25;4\n",
        {},
        "expected a decimal point in column 'a', got '1,5'; write 1234.5, or use --categorical=a",
    ),
    "thousands": (
        column("a", ["1 234", "12", "3 456 789"]),
        {},
        "expected numbers without separators of thousands in column 'a', got '1 234'",
    ),
    "beyond 2^53": (
        column("a", [10**17 + i % 150 for i in range(ROWS * 2)]),
        {},
        "expected whole numbers below 2^53 in column 'a', got '100000000000000000'",
    ),
    "numbers and a text": (
        column("a", [*(i % 150 for i in range(ROWS * 2)), "n/a"]),
        {},
        "expected numbers in column 'a', as in 99.8% of its rows, got 'n/a'",
    ),
    "mixed dates": (
        column("a", ["2024-01-02", "2024-01-03", "03/01/2024"]),
        {},
        "expected dates of one ISO format in column 'a', got '2024-01-02' and '03/01/2024'",
    ),
    "no such day": (
        column("a", ["2024-01-02", "2024-02-30", "2024-03-01"]),
        {},
        "expected dates as YYYY-MM-DD in column 'a', got one of no calendar",
    ),
    "too wide": (WIDE, {}, "expected at most 2000 entries of an encoded row, got 2"),
    "too wide, names": (WIDE, {}, "lower --max_categories, or --drop columns"),
    "memory": (PLAIN, {"memory_budget_mib": 0}, "expected at most 0 MiB in memory"),
    "pixels": (PLAIN, {"image_size": 8}, "--image_size: expected images, got the table of csv:"),
    "one group": (
        PLAIN.replace("city", "city,g").replace("e\n", "e,x\n").replace("o\n", "o,x\n"),
        {"group": "g"},
        "--group: expected two groups or more",
    ),
    "schema, no file": (PLAIN, {"schema": "/nowhere.json"}, "--schema: /nowhere.json: expected a JSON file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_files_are_refused_in_one_line(case, tmp_path):
    """The message begins with the path of the file or with the flag."""
    content, options, message = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        opened(tmp_path, content, **options)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith((str(tmp_path / "t.csv"), "--"))


@pytest.mark.parametrize(("name", "found"), [("none.csv", "none, as it is not there"), (".", "a folder")])
def test_paths_without_a_file_are_refused(name, found, tmp_path):
    with pytest.raises(ValueError, match=f"expected a CSV file, got {found}"):
        data.open_source(f"csv:{tmp_path / name}")


BAD_SCHEMAS = {
    "key": (
        {"colums": []},
        "expected the keys columns, identifiers, le, combinations, target, group, got 'colums'",
    ),
    "key of a column": (
        {"columns": [{"name": "age", "type": "integer", "rnage": [0, 1]}]},
        "got 'rnage' of 'age'",
    ),
    "type": ({"columns": [{"name": "age", "type": "number"}]}, "expected a type among"),
    "column": ({"columns": [{"name": "ages", "type": "integer"}]}, "got 'ages' (did you mean 'age'?)"),
    "range": (
        {"columns": [{"name": "age", "type": "integer", "range": [0, 20]}]},
        "column 'age': expected numbers from 0 to 20, got",
    ),
    "value": (
        {"columns": [{"name": "city", "type": "category", "values": ["Rome"]}]},
        "column 'city': expected one of its 1 values, got 'Oslo'",
    ),
    "texts": (
        {"columns": [{"name": "city", "type": "integer"}]},
        "column 'city': expected numbers, got texts",
    ),
    "le": ({"le": [["age", "city"]]}, "le: expected two numbers or two dates, got 'age' and 'city'"),
    "combinations": ({"combinations": [["age", "city"]]}, "combinations: expected two categories or more"),
}


@pytest.mark.parametrize("case", BAD_SCHEMAS)
def test_schemas_that_do_not_fit_are_refused(case, tmp_path):
    schema, message = BAD_SCHEMAS[case]
    path = write(tmp_path, json.dumps(schema), "schema.json")
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        opened(tmp_path, PLAIN, schema=str(path))
    assert str(error.value).startswith("--schema")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_and_line_ends_are_recognized(delimiter, end, tmp_path):
    source = opened(tmp_path, PLAIN.replace(",", delimiter).replace("\n", end))
    assert source.kind.layout == csv_file.Layout(("age", "city"), delimiter, end)
    assert cells_of(source)[:, 0].tolist() == AGES.tolist()


def test_gzip_and_a_byte_order_mark_make_no_difference(tmp_path):
    plain = opened(tmp_path, PLAIN)
    marked = opened(tmp_path, b"\xef\xbb\xbf" + PLAIN.encode())
    packed = opened(tmp_path, gzip.compress(PLAIN.encode()), "t.csv.gz")
    assert plain.fingerprint == marked.fingerprint == packed.fingerprint


def test_quotes_hold_delimiters_quotes_and_line_ends(tmp_path):
    texts = ["a,b", 'say "x"', "two\nlines", "plain"]
    content = "t,n\n" + "".join(f"{csv_file.quote(texts[i % 4], ',')},{i % 9}\n" for i in range(80))
    source = opened(tmp_path, content)
    assert set(columns_of(source)["t"].values) == set(texts)


TYPES = {  # cells, type, more of the column
    "whole numbers": (list(AGES), "integer", {"low": AGES.min(), "high": AGES.max()}),
    "decimals": (["1.5", "2.25", "3", "-4.5"], "decimal", {"decimals": 2, "padded": False}),
    "padded decimals": (["1.50", "2.25", "3.00", "-4.50"], "decimal", {"decimals": 2, "padded": True}),
    "no fixed decimals": (["0.1234567890123456", "1e-9", "2.5"], "decimal", {"decimals": None}),
    "dates": (["2024-01-02", "2023-12-31", "1969-07-20"], "date", {"format": "YYYY-MM-DD"}),
    "times": (
        ["2024-01-02 10:20:30", "2023-12-31 00:00:00", "2000-01-01 23:59:59"],
        "date",
        {"format": "YYYY-MM-DD HH:MM:SS"},
    ),
    "two numbers": (["0", "1", "1", "1"], "category", {"values": ("1", "0")}),
    "missing cells": (["1", "2", "NA", "3", "NA", ""], "integer", {"missing": "NA"}),
    "missing texts": (["x", "?", "y", "x", " ? "], "category", {"missing": "?", "values": ("x", "y")}),
    "texts by frequency": (["b", "a", "a", "c", "a", "b"], "category", {"values": ("a", "b", "c")}),
    "one value": (["x"] * 9, "constant", {"values": ("x",)}),
    "leading zeros": (["007", "010", "007"], "category", {"values": ("007", "010")}),
    "booleans": (["True", "False", "True"], "category", {"values": ("True", "False")}),
    "big whole numbers": ([str(2**60), str(2**60 + 1), "7"], "category", {}),
    "largest whole numbers": ([2**53 - 1, -(2**53) + 1, 7], "integer", {"high": 2**53 - 1}),
}


@pytest.mark.parametrize("case", TYPES)
def test_types_are_recognized(case, tmp_path):
    cells, type, about = TYPES[case]
    found = columns_of(opened(tmp_path, column("a", cells)))["a"]
    assert found.type == type
    assert {key: getattr(found, key) for key in about} == about


def test_options_say_otherwise(tmp_path):
    source = opened(tmp_path, PLAIN, categorical=("age",), target="city")
    assert columns_of(source)["age"].type == "category"
    assert set(columns_of(source)["age"].values) == {str(age) for age in AGES}
    assert source.kind.target == "city"
    assert set(columns_of(opened(tmp_path, PLAIN, drop=("age",)))) == {"city"}
    assert opened(tmp_path, PLAIN, drop=("age",)).kind.header == ("city",)


def test_flags_name_several_columns(tmp_path):
    content = '"a,b",c,d,age\n' + "".join(f"x{i % 3},{i % 5},{i % 4},{age}\n" for i, age in enumerate(AGES))
    source = opened(tmp_path, content, drop=("c,d",), categorical=("a,b", "age"))
    assert [(column.name, column.type) for column in source.kind.columns] == [
        ("a,b", "category"),
        ("age", "category"),
    ]
    source = data.from_frame({"a": AGES, "b": AGES % 7, "c": AGES % 5}, drop=["a,b"])
    assert [column.name for column in source.kind.columns] == ["c"]


def test_different_texts_and_running_numbers_are_identifiers(tmp_path):
    content = "name,n,age\n" + "".join(f"person {i},{i + 1},{age}\n" for i, age in enumerate(AGES))
    source = opened(tmp_path, content)
    assert set(columns_of(source)) == {"age"}
    assert source.kind.header == ("name", "n", "age")
    assert "identifiers, which are left out and written as 1, 2, ...: name, n" in source.note
    assert source.kind.records(cells_of(source)[:3])["name"] == [1, 2, 3]


def test_rare_values_share_a_choice(tmp_path):
    """150 values under --max_categories=20: 19 choices of the commonest, one of the others, whose rows keep their values."""
    source = opened(tmp_path, column("a", MANY), max_categories=20)
    found = columns_of(source)["a"]
    (block,) = [block for block in source.kind.blocks if block.columns == (0,)]
    assert len(found.values) == 150
    assert block.width == 20
    assert found.to_texts(cells_of(source)[:, 0]) == MANY


def test_spikes_are_numbers_that_a_twentieth_of_the_rows_share(tmp_path):
    numbers = [*([0] * 30), *([99] * 10), *([5] * 9), *range(1000, 1151)]
    assert len(numbers) == ROWS
    assert columns_of(opened(tmp_path, column("a", numbers)))["a"].spikes == (0.0, 99.0)


def test_a_tenth_is_held_out_and_groups_stay_whole(tmp_path):
    patients = np.sort(random.integers(0, 40, ROWS))
    content = "patient,age\n" + "".join(f"{p},{age}\n" for p, age in zip(patients, AGES, strict=True))
    source = opened(tmp_path, content, group="patient")
    train, held = source.train_indices, source.held_out_indices
    assert sorted([*train, *held]) == list(range(ROWS))
    assert not set(patients[train]) & set(patients[held])
    assert 0.1 * ROWS <= len(held) <= 0.2 * ROWS
    assert len(opened(tmp_path, content).held_out_indices) == ROWS // 10


def test_group_of_many_values_is_an_identifier(tmp_path):
    content = "patient,age\n" + "".join(f"{i // 2},{age}\n" for i, age in enumerate(AGES))
    assert set(columns_of(opened(tmp_path, content, group="patient"))) == {"age"}


def test_a_schema_brings_the_same_table_back(tmp_path):
    content = "id,age,city,day,x\n" + "".join(
        f"p{i},{'' if i % 9 == 0 else age},{'Rome' if i % 3 else 'Oslo'},2024-01-{1 + i % 28:02d},{i % 13 / 4}\n"
        for i, age in enumerate(AGES)
    )
    first = opened(tmp_path, content, target="city")
    path = write(tmp_path, json.dumps(first.kind.to_schema()), "schema.json")
    second = opened(tmp_path, content, schema=str(path))
    assert second.kind == first.kind
    assert second.fingerprint == first.fingerprint


def test_a_schema_widens_ranges_and_adds_values(tmp_path):
    schema = {
        "columns": [
            {"name": "age", "type": "integer", "range": [0, 120]},
            {"name": "city", "type": "category", "values": ["Rome", "Oslo", "Bern"], "missing": ""},
        ]
    }
    source = opened(tmp_path, PLAIN, schema=str(write(tmp_path, json.dumps(schema), "s.json")))
    found = columns_of(source)
    assert (found["age"].low, found["age"].high) == (0, 120)
    assert found["city"].values == ("Rome", "Oslo", "Bern")
    assert source.kind.legal(np.array([[120, 2], [0, np.nan], [121, 3]])).tolist() == [
        [True, True],
        [True, True],
        [False, False],
    ]


def test_a_training_batch_is_encoded(tmp_path):
    source = opened(tmp_path, PLAIN)
    x, labels = next(iter(source.dataset(8, seed=0)))
    assert x.shape == (8, *source.shape)
    assert labels.shape == (8,)
    assert np.asarray(source.kind.legal(source.kind.decode(x.numpy()))).all()


def test_reading_twice_gives_the_same_kind(tmp_path):
    assert opened(tmp_path, PLAIN).kind == opened(tmp_path, PLAIN).kind


class Frame:
    """The parts of a frame of pandas or polars that are used."""

    def __init__(self, columns):
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name):
        return self._columns[name]

    def to_numpy(self):
        raise AssertionError("columns keep their types")


def test_frames_are_tables():
    days = np.datetime64("2024-01-01") + np.arange(ROWS) % 50
    frame = Frame(
        {
            "age": AGES,
            "visits": np.where(np.arange(ROWS) % 9 == 0, np.nan, np.arange(ROWS) % 5),
            "weight": np.where(np.arange(ROWS) % 9 == 0, np.nan, AGES / 4),
            "city": np.array(["Rome", "Oslo", None] * ROWS, object)[:ROWS],
            "day": days.astype("datetime64[ns]"),
            "born": [datetime.date(2000, 1, 1 + i % 28) for i in range(ROWS)],
            "smokes": np.arange(ROWS) % 2 == 0,
            "key": [f"k{i}" for i in range(ROWS)],
        }
    )
    source = data.from_frame(frame, target="city")
    types = {name: column.type for name, column in columns_of(source).items()}
    assert types == {
        "age": "integer",
        "visits": "integer",
        "weight": "decimal",
        "city": "category",
        "day": "date",
        "born": "date",
        "smokes": "category",
    }
    assert columns_of(source)["weight"].missing == ""
    assert columns_of(source)["city"].missing == ""
    records = source.kind.records(cells_of(source))
    assert records["age"] == AGES.tolist()
    assert records["visits"][:3] == [None, 1, 2]
    assert records["city"][:3] == ["Rome", "Oslo", None]
    assert records["day"][:2] == ["2024-01-01", "2024-01-02"]
    np.testing.assert_array_equal(source.kind.values(records), cells_of(source))


@pytest.mark.parametrize("frame", [{}, {"a": []}, {"a": [1, 2], "b": [1]}])
def test_frames_without_rows_are_refused(frame):
    with pytest.raises(ValueError, match="frame"):
        data.from_frame(frame)


@pytest.mark.parametrize(
    ("name", "train", "held", "columns"), [("adult", 32_561, 16_281, 15), ("health", 18_171, 2019, 8)]
)
def test_tables_come_with_the_package(name, train, held, columns):
    source = data.open_source(name)
    assert (source.num_examples, len(source.held_out_indices)) == (train, held)
    assert len(source.kind.columns) == columns
    assert sorted([*source.train_indices, *source.held_out_indices]) == list(range(train + held))
    cells = cells_of(source)
    assert source.kind.legal(cells).all()
    assert kinds.from_json(json.loads(json.dumps(kinds.to_json(source.kind)))) == source.kind


def test_adult_is_the_published_table():
    """Facts of UCI's adult.names and of the trials: 7,841 rows above 50K, 91.7 % without a gain, 4,262 missing cells in adult.data."""
    source = data.open_source("adult")
    cells, names = cells_of(source)[:32_561], [column.name for column in source.kind.columns]
    rich = source.kind.columns[names.index("income")].values.index(">50K")
    assert (cells[:, names.index("income")] == rich).sum() == 7841
    assert np.isnan(cells).sum() == 4262
    assert round((cells[:, names.index("capital_gain")] == 0).mean(), 3) == 0.917
    assert (source.kind.target, source.kind.columns[1].missing) == ("income", "?")


def test_a_shipped_table_has_a_target_and_no_other_option():
    with pytest.raises(ValueError, match="--drop: adult has only --target"):
        data.open_source("adult", drop=("age",))
    assert data.open_source("health", target="mdvis").kind.target == "mdvis"


def test_the_command_prints_a_schema(tmp_path):
    path = write(tmp_path, PLAIN)
    command = [sys.executable, "-m", "tfgan.data", f"--dataset=csv:{path}", "--target=city", "--drop=age"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    schema = json.loads(done.stdout)
    assert [column["name"] for column in schema["columns"]] == ["city"]
    assert schema["target"] == "city"
    assert done.stderr.count("\n") == 1
    assert "200 rows; 1 category" in done.stderr
    wrong = subprocess.run([*command, "--group=x"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: --group: expected a column of")


def test_fewest_decimals():
    assert fitting.count_decimals(np.array([0.285, 1.0, 13.73189])) == 5
    assert fitting.count_decimals(np.array([1e-13, 1.0])) is None
    assert fitting.count_decimals(np.array([3.0, 1e15])) == 0


def test_groups_are_a_function_of_the_data():
    groups = np.repeat(np.arange(50), 4)
    one, two = tables.split_groups("t", groups), tables.split_groups("t", groups)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
