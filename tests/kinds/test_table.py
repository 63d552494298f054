"""Tables: cells come back as they were, in arrays and graphs alike, and every generated row keeps the schema."""

import itertools
import json
import re

import numpy as np
import pytest
import tensorflow as tf

from tfgan import data, kinds, networks
from tfgan.kinds import mixture
from tfgan.kinds.columns import Column, find_date_format, read_dates
from tfgan.kinds.table import Table
from tfgan.kinds.table_picture import MOST_COLUMNS

ROWS = 300
SCHEMA = {"le": [["start", "end"], ["end", "closed"]], "combinations": [["city", "country"]]}
PLACES = [
    ("Roma", "Italia"),
    ("Łódź", "Polska"),
    ("京都", "日本"),
    ("São Paulo", "Brasil"),
    ("Milano", "Italia"),
]


def make_rows():
    """Dates in order, missing cells, numbered rows, unicode, quotes, spikes, padded decimals, whole numbers to 2^53."""
    random = np.random.default_rng(0)
    start = np.datetime64("2020-01-01") + random.integers(0, 900, ROWS)
    end = start + random.integers(0, 60, ROWS)
    closed = end + random.integers(0, 9, ROWS)
    for i in range(ROWS):
        city, country = PLACES[random.integers(len(PLACES)) if i >= len(PLACES) else i]
        gap = i % 10 == 3
        yield [
            str(i + 1),
            city,
            country,
            str(start[i]),
            "NA" if i % 17 == 5 else str(end[i]),
            str(closed[i]),
            "" if gap else str(random.integers(0, 100) * (random.random() < 0.6)),
            f"{random.gamma(2, 30):.2f}",
            str(random.integers(2**52, 2**53 - 1)),
            f"{random.integers(0, 10**6) / 8:g}",
            'say "a;b"' if i % 4 else "two\r\nlines",
            f"2024-01-{1 + i % 28:02d}T{i % 24:02d}:{i % 60:02d}:{(7 * i) % 60:02d}Z",
            f"code {random.zipf(1.5) % 500}",
            "kg",
        ]


NAMES = [
    "id",
    "city",
    "country",
    "start",
    "end",
    "closed",
    "visits",
    "cost",
    "big",
    "ratio",
    "text",
    "time",
    "code",
    "unit",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of a Windows program: semicolons, CR LF."""
    path = tmp_path_factory.mktemp("table") / "patients.csv"
    rows = [NAMES, *make_rows()]
    quoted = [
        [f'"{cell}"'.replace('y "a;b"', 'y ""a;b""') if {";", "\n"} & set(cell) else cell for cell in row]
        for row in rows
    ]
    path.write_bytes("".join(";".join(row) + "\r\n" for row in quoted).encode())
    return path


@pytest.fixture(scope="module")
def source(file):
    schema = file.with_name("schema.json")
    schema.write_text(json.dumps(SCHEMA))
    return data.open_source(f"csv:{file}", schema=str(schema), max_categories=20, target="city")


@pytest.fixture(scope="module")
def table(source):
    return source.kind


@pytest.fixture(scope="module")
def cells(source):
    return source.kind.expand(*source.arrays[0])


@pytest.fixture(scope="module")
def made(table):
    """2,000 rows that no G is likely to return: each entry uniform."""
    return np.random.default_rng(1).uniform(-1, 1, (2000, *table.shape)).astype(np.float32)


def column_of(table, name):
    return [column.name for column in table.columns].index(name)


def test_a_file_comes_back_byte_for_byte(table, cells, file, tmp_path):
    """Header, order, delimiter, line end, quotes, unicode, missing markers, date formats, decimals, whole numbers."""
    path = tmp_path / "again.csv"
    table.write(path, ".csv", [cells[:100], cells[100:]], np.arange(ROWS))
    assert path.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("cells", ["xyzx", "1234"])
def test_a_lone_missing_cell_is_no_empty_line(cells, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "".join(f'{cell}\n""\n' for cell in cells * 9))
    source = data.open_source(f"csv:{path}")
    source.kind.write(tmp_path / "b.csv", ".csv", [source.kind.expand(*source.arrays[0])], np.arange(72))
    assert (tmp_path / "b.csv").read_text() == path.read_text()


def test_generated_rows_have_the_schema_of_the_data(table, made, tmp_path):
    path = tmp_path / "made.csv"
    table.write(path, ".csv", [table.decode(made)], np.arange(len(made)))
    again = data.open_source(f"csv:{path}", max_categories=20).kind
    assert again.layout == table.layout
    types = {column.name: column.type for column in again.columns}
    assert types == {column.name: column.type for column in table.columns}
    formats = {column.name: (column.format, column.missing, column.padded) for column in again.columns}
    assert formats == {
        column.name: (column.format, column.missing, column.padded) for column in table.columns
    }


def test_every_row_is_legal(table, cells, made):
    assert table.legal(cells).all()
    assert table.legal(table.decode(made)).all()


def test_constraints_hold_for_every_row(table, made):
    records = table.records(table.decode(made))
    dates = [[date or "" for date in records[name]] for name in ("start", "end", "closed")]
    for first, second in itertools.pairwise(dates):
        assert all(a <= b for a, b in zip(first, second, strict=True) if a and b)
    assert set(zip(records["city"], records["country"], strict=True)) == set(PLACES)
    assert None in records["end"]
    assert None not in records["start"]


def test_broken_constraints_are_not_legal(table, cells):
    broken = cells[:2].copy()
    broken[0, column_of(table, "start")] = broken[0, column_of(table, "end")] + 86_400
    country = column_of(table, "country")
    broken[1, country] = (broken[1, country] + 1) % len(table.columns[country].values)
    assert np.argwhere(~table.legal(broken)).tolist() == [[0, column_of(table, "end")], [1, country]]


def test_arrays_tensors_and_graphs_agree(table, cells, made):
    x = table.encode(cells)
    assert x.dtype == np.float32
    assert x.shape == (ROWS, *table.shape)
    for function in (table.encode, tf.function(table.encode)):
        np.testing.assert_allclose(function(tf.constant(cells)), x, rtol=3e-7, atol=3e-7)
    for function in (table.decode, tf.function(table.decode)):
        np.testing.assert_array_equal(function(tf.constant(made)), table.decode(made))


def test_the_compact_form_is_encoded_alike(table, cells, source):
    codes, numbers = source.arrays[0]
    assert (codes.dtype, numbers.dtype) == (np.int8, np.float64)
    x = table.encode(cells)
    np.testing.assert_array_equal(table.encode((codes, numbers)), x)
    compact = tf.constant(codes), tf.constant(numbers)
    np.testing.assert_allclose(tf.function(table.encode)(compact), x, rtol=3e-7, atol=3e-7)


@pytest.mark.parametrize(("count", "dtype"), [(127, np.int8), (128, np.int16), (2**15, np.int32)])
def test_codes_are_of_the_smallest_type(count, dtype):
    """A missing cell has the code behind the last value."""
    table = Table((0,), kinds.Units(), (Column("a", "category", tuple(map(str, range(count))), missing=""),))
    cells = np.array([[0.0], [count - 1], [np.nan]])
    codes, numbers = table.compress(cells)
    assert codes.dtype == dtype
    np.testing.assert_array_equal(table.expand(codes, numbers), cells)


def test_many_rows_are_encoded_as_few(table, cells, monkeypatch):
    x = table.encode(cells)
    monkeypatch.setattr("tfgan.kinds.table.ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(table.encode(cells), x)


def test_cells_come_back(table, cells):
    """Except for a rare value, in whose place another rare one is drawn, and for the last digits beyond float32."""
    back = table.decode(table.encode(cells))
    for number, column in enumerate(table.columns):
        before, after = cells[:, number], back[:, number]
        np.testing.assert_array_equal(np.isnan(before), np.isnan(after))
        if column.name == "code":
            common = before < 19
            np.testing.assert_array_equal(before[common], after[common])
            assert (after[~common] >= 19).all()
        elif column.name == "big":
            np.testing.assert_allclose(after, before, rtol=1e-6)
        else:
            np.testing.assert_array_equal(before, after)


def test_rare_values_are_drawn_by_their_counts():
    """Counts 30, 20, 10 among 6,000 rows that chose "other": shares within .03, five deviations of .006 (false alarm below 1e-5)."""
    values = [*(["a"] * 400), *(["b"] * 30), *(["c"] * 20), *(["d"] * 10)]
    random = np.random.default_rng(0)
    source = data.from_frame(
        {"v": random.permutation(values), "x": random.normal(size=460)}, max_categories=2
    )
    table = source.kind
    x = random.uniform(-1, 1, (6000, *table.shape)).astype(np.float32)
    start = 0 if table.spans[0].activation == "softmax" else 1
    x[:, start], x[:, start + 1] = 0.0, 1.0  # the second choice: "other"
    drawn = np.bincount(table.decode(x)[:, 0].astype(int), minlength=4)
    counts = np.bincount(source.arrays[0][0][source.train_indices, 0], minlength=4)[1:]
    assert drawn[0] == 0
    np.testing.assert_allclose(drawn[1:] / 6000, counts / counts.sum(), atol=0.03)


def test_a_decoded_row_does_not_hang_on_the_last_bits(table, made):
    """G's rounding differs with the size of a batch; a hash of all bits would draw another rare value."""
    moved = np.nextafter(made, np.float32(2))
    code = column_of(table, "code")
    same = table.decode(made)[:, code] == table.decode(moved)[:, code]
    assert same.mean() > 0.999


def test_its_record_makes_it_again(table):
    record = json.loads(json.dumps(kinds.to_json(table)))
    assert kinds.from_json(record) == table
    assert set(record["learned"]) >= {"columns", "blocks", "header"}


def test_spans_fill_a_row_and_noise_the_choices(table):
    assert sum(span.width for span in table.spans) == table.shape[0]
    assert table.noise == sum(span.width for span in table.spans if span.activation == "softmax")
    assert table.tau == 0.2


def test_its_network_makes_legal_rows(table):
    """However large the latents are."""
    network = networks.get("mlp", image_shape=table.shape, latent_dim=2, width=4, kind=table)
    latents = np.random.default_rng(0).normal(0, 1, (50, 2 + table.noise)).astype(np.float32)
    latents[1] *= 1e3
    made = network.generator()(latents).numpy()
    assert made.shape == (50, *table.shape)
    assert table.legal(table.decode(made)).all()
    assert len(np.unique(table.decode(made)[:, column_of(table, "city")])) > 1


def test_records_are_plain_and_come_back(table, cells):
    records = table.records(cells)
    assert list(records) == NAMES
    assert records["id"][:3] == [1, 2, 3]
    assert records["visits"][3] is None
    assert isinstance(records["visits"][0], int)
    assert isinstance(records["cost"][0], float)
    assert records["unit"][0] == "kg"
    np.testing.assert_array_equal(table.values(records), cells)


def test_a_file_of_another_generator_is_read(table, cells, tmp_path):
    """Other column order, delimiter and missing marker, numbers with a point, a further column."""
    path = tmp_path / "theirs.csv"
    records = table.records(cells[:5])
    names = [name for name in reversed(NAMES) if name != "id"]
    rows = [["extra", *names]]
    for i in range(5):
        row = ["" if records[name][i] is None else str(records[name][i]) for name in names]
        row[names.index("visits")] += ".0" if row[names.index("visits")] else ""
        rows.append(["0", *(f'"{cell}"'.replace('y "a;b"', 'y ""a;b""') for cell in row)])
    path.write_bytes("".join(",".join(row) + "\n" for row in rows).encode())
    np.testing.assert_array_equal(table.read(path), cells[:5])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"city": "Wien"}, "column 'city': expected one of its 5 values, got 'Wien' in row 2"),
        ({"city": "Rom"}, "(did you mean 'Roma'?)"),
        ({"visits": "1.5"}, "column 'visits': expected whole numbers, got '1.5' in row 2"),
        ({"cost": "cheap"}, "column 'cost': expected numbers, got 'cheap' in row 2"),
        ({"cost": "inf"}, "column 'cost': expected numbers, got 'inf' in row 2"),
        ({"start": "01/02/2024"}, "column 'start': expected dates as YYYY-MM-DD, got '01/02/2024' in row 2"),
        ({"start": "2024-02-30"}, "column 'start': expected dates as YYYY-MM-DD, got '2024-02-30' in row 2"),
    ],
)
def test_records_that_do_not_fit_are_refused(change, message, table, cells):
    records = table.records(cells[:3])
    for name, value in change.items():
        records[name][1] = value
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        table.values(records)
    assert "\n" not in str(error.value)


def test_missing_columns_and_files_are_refused(table, cells, tmp_path):
    records = table.records(cells[:3])
    del records["cost"]
    with pytest.raises(ValueError, match="column 'cost': expected it in the records, got none"):
        table.values(records)
    (tmp_path / "a.csv").write_text("cost\n1\n")
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path / 'a.csv'}: column 'city'")):
        table.read(tmp_path / "a.csv")


def test_arrays_by_column(table, cells, tmp_path):
    table.write(tmp_path / "a", ".npz", [cells[:9], cells[9:20]], np.arange(20))
    with np.load(tmp_path / "a", allow_pickle=False) as file:
        assert set(file) == {*NAMES, "seeds"}
        types = {name: file[name].dtype.kind for name in NAMES}
        assert types == {
            **dict.fromkeys(
                ("city", "country", "start", "end", "closed", "text", "time", "code", "unit"), "U"
            ),
            **dict.fromkeys(("id", "big"), "i"),
            **dict.fromkeys(("visits", "cost", "ratio"), "f"),  # visits may be missing
        }
        np.testing.assert_array_equal(file["visits"], cells[:20, column_of(table, "visits")])
        assert file["end"][5] == ""


def test_signatures_have_an_output_a_column(table, cells):
    signature = table.signatures()["serving_default"]
    outputs = tf.function(signature.convert)(tf.constant(cells))
    assert {name: tensor.dtype.name for name, tensor in outputs.items()} == {
        **dict.fromkeys(
            ("city", "country", "start", "end", "closed", "text", "time", "code", "unit"), "string"
        ),
        **dict.fromkeys(("visits", "cost", "ratio"), "float64"),
        "big": "int64",
    }
    assert set(signature.outputs) == set(outputs)
    back = table.from_outputs({name: tensor.numpy() for name, tensor in outputs.items()})
    np.testing.assert_array_equal(back, cells)


@pytest.mark.parametrize("rows", ["real", "made"])
def test_lines_of_a_graph_are_the_lines_of_a_file(rows, table, cells, made, tmp_path):
    x = cells if rows == "real" else table.decode(made)
    table.write(tmp_path / "a", ".csv", [x], np.arange(len(x)))
    lines = tf.function(table.signatures()["sample_csv"].convert)(tf.constant(x))["lines"].numpy()
    head = ";".join(NAMES)
    written = (tmp_path / "a").read_bytes().decode()
    assert written == head + "\r\n" + "".join(f"{line.decode()}\r\n" for line in lines)


def test_rows_are_read_from_the_arguments_of_a_signature(table, cells):
    inputs = {name: tf.constant(part) for name, part in table.to_inputs(cells).items()}
    about = table.inputs()
    assert set(inputs) == set(about) == set(NAMES) - {"id", "unit"}
    assert {name: tensor.dtype.name for name, tensor in inputs.items()} == {
        name: each.dtype for name, each in about.items()
    }
    np.testing.assert_array_equal(tf.function(table.from_inputs)(inputs), cells)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("city", "Wien", "city: expected one of its values, got"),
        ("city", "", "city: expected one of its values, got"),
        ("cost", np.nan, "cost: expected finite numbers, got"),
        ("visits", np.inf, "visits: expected finite numbers, got"),
        ("start", "2024-1-1", "start: expected dates as YYYY-MM-DD, got"),
    ],
)
def test_illegal_arguments_stop_a_graph(name, value, message, table, cells):
    inputs = table.to_inputs(cells[:3].copy())
    inputs[name][1] = value
    tensors = {key: tf.constant(part) for key, part in inputs.items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.function(table.from_inputs)(tensors)


def test_names_of_columns_become_names_of_tensors():
    columns = [
        Column(name, "integer", low=0, high=9) for name in ("hours-per week", "hours_per_week", "1st", "年")
    ]
    table = Table((0,), kinds.Units(), tuple(columns))
    assert list(table.inputs()) == ["hours_per_week", "hours_per_week_", "column_1st", "column__"]


def test_stand_ins_are_legal_and_differ(table):
    x = table.stand_ins(30)
    assert x.shape == (30, len(table.columns))
    assert table.legal(x).all()
    assert len(np.unique(np.nan_to_num(x), axis=0)) == 30


def test_a_preview_shows_the_worst_columns(table, cells, made):
    one, two = table.preview(cells, cells), table.preview(table.decode(made), cells)
    assert one.dtype == np.uint8
    assert one.ndim == 3
    assert one.shape[-1] == 3
    assert not np.array_equal(one, two)
    wide = np.random.default_rng(0).normal(size=(60, MOST_COLUMNS + 9))
    kind = kinds.fitted(wide, np.arange(60), "table")
    assert kind.preview(wide).shape == kind.preview(wide[:, : MOST_COLUMNS + 9] * 2).shape == (600, 1568, 3)


def test_text_beside_a_preview_is_the_head_of_the_file(table, cells, file):
    text = table.text(cells)
    assert file.read_bytes().decode().startswith(text)
    assert text.count("2024-01-") == 20


def test_arrays_of_numbers_are_tables_too():
    random = np.random.default_rng(0)
    x = np.stack(
        [
            random.normal(5, 2, 400),
            random.integers(0, 9, 400),
            np.where(random.random(400) < 0.2, np.nan, 1.5),
        ],
        1,
    )
    kind = kinds.fitted(x, np.arange(300), "table")
    assert [column.decimals for column in kind.columns] == [None, 0, 1]
    back = kind.decode(kind.encode(x))
    np.testing.assert_allclose(back, x, rtol=0, atol=1e-5)
    assert kind.legal(x).all()


def test_mixtures_find_separate_peaks():
    """Two peaks of 5,000 numbers, 40 deviations apart: means within 5 standard errors of .014, shares within 5 of .005."""
    random = np.random.default_rng(0)
    numbers = np.concatenate([random.normal(-20, 1, 5000), random.normal(20, 1, 5000)])
    components = mixture.fit_mixture(numbers)
    low = [each for each in components if each.mean < 0]
    assert sum(each.weight for each in low) == pytest.approx(0.5, abs=0.025)
    assert sum(each.weight * each.mean for each in low) / 0.5 == pytest.approx(-20, abs=1)
    assert components == mixture.fit_mixture(numbers)
    assert len(components) <= mixture.MOST_COMPONENTS


@pytest.mark.parametrize("numbers", [[], [3.0], [3.0, 3.0], [1.0, 2.0], [1e300, 2e300]])
def test_mixtures_of_few_numbers(numbers):
    components = mixture.fit_mixture(np.array(numbers))
    assert len(components) <= len(set(numbers))
    assert all(np.isfinite(each).all() for each in components)


def test_extremes_are_not_clipped():
    """A long tail: the largest of 20,000 log-normal numbers comes back to a thousandth, though it is far out."""
    numbers = np.random.default_rng(0).lognormal(0, 1, 20_000)[:, None]
    kind = kinds.fitted(numbers, np.arange(len(numbers)), "table")
    ends = np.array([numbers.min(0), numbers.max(0)])
    np.testing.assert_allclose(kind.decode(kind.encode(ends)), ends, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("2024-02-29", "YYYY-MM-DD"),
        ("1969-12-31T23:59Z", "YYYY-MM-DDTHH:MMZ"),
        ("0001-01-01 00:00:00", "YYYY-MM-DD HH:MM:SS"),
        ("2100-03-01 12:00:00.125", "YYYY-MM-DD HH:MM:SS.fff"),
        ("2000-02-29T05:06:07.000001", "YYYY-MM-DDTHH:MM:SS.ffffff"),
    ],
)
def test_dates_come_back_in_arrays_and_graphs(text, format):
    from tfgan.kinds import table_graph

    assert find_date_format(text) == format
    cells = read_dates([text], format)
    column = Column("d", "date", low=float(cells[0]), high=float(cells[0]), format=format, missing="")
    assert column.to_texts(np.array([cells[0], np.nan])) == [text, ""]
    assert table_graph.to_texts(column, tf.constant(cells)).numpy().tolist() == [text.encode()]
    read = table_graph.to_cells([(column, tf.constant([text, ""]))], tf.constant([text, ""]))
    np.testing.assert_array_equal(read[:, 0], [cells[0], np.nan])


@pytest.mark.parametrize(
    "text", ["2024-2-1", "01.02.2024", "2024-02-01 1:00", "2024-02-01T10:00:00+01:00", "x"]
)
def test_other_dates_have_no_format(text):
    assert find_date_format(text) is None


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"type": "number"}, "expected a type among"),
        ({"type": "category"}, "expected different values, got none"),
        ({"type": "category", "values": ("a", "a")}, "expected different values"),
        ({"type": "constant", "values": ("a", "b")}, "expected one value of a constant, got 2"),
        ({"type": "date", "low": 0, "high": 1, "format": "DD.MM."}, "expected a format such as"),
        ({"type": "integer", "low": 2, "high": 1}, "expected a range"),
    ],
)
def test_columns_that_contradict_themselves_are_refused(about, message):
    with pytest.raises(ValueError, match=f"column 'a': {message}"):
        Column("a", **about)
