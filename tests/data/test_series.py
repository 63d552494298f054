"""Windows of series: held out in time with a gap, from embedded data and from files; files that cannot be used."""

import gzip

import numpy as np
import pytest

from tfgan import data


def write(tmp_path, text, name="prices.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return f"series:{path}"


def lines(values, header="time,a,b"):
    return header + "\n" + "\n".join(f"2020-01-{i + 1:02d},{a},{b}" for i, (a, b) in enumerate(values))


VALUES = [(i + 1, (i * 7) % 5 + 0.5) for i in range(28)]


def test_wti_is_embedded():
    source = data.open_source("wti")
    assert source.shape == (64, 1)
    assert (source.num_examples, len(source.held_out_indices)) == (7425, 705)
    x, _ = source.examples(np.arange(2000))
    assert x.std() == pytest.approx(1, abs=0.2)


def test_the_last_tenth_of_time_is_held_out_behind_a_gap():
    source = data.open_source("wti")
    windows = source.arrays[0][..., 0]
    last_seen, first_held = source.train_indices.max() + 64, source.held_out_indices.min()
    assert first_held - last_seen >= 64
    assert not np.isin(windows[source.held_out_indices, -1], windows[source.train_indices][-64:]).all()


def test_a_file_has_its_columns_as_channels(tmp_path):
    source = data.open_source(write(tmp_path, lines(VALUES)), length=4)
    assert source.shape == (4, 2)
    assert source.kind.channels == ("a", "b")
    windows = source.arrays[0]
    np.testing.assert_array_equal(windows[3], np.float32(VALUES[3:7]))
    x = source.kind.encode(windows)
    np.testing.assert_allclose(source.kind.decode(x), windows, rtol=1e-4, atol=1e-4)


def test_options_choose_columns_steps_and_transforms(tmp_path):
    spec = write(tmp_path, lines(VALUES))
    source = data.open_source(spec, length=5, stride=3, columns=("a",), transform="log_return")
    steps = np.diff(np.log([a for a, _ in VALUES]))
    np.testing.assert_allclose(source.arrays[0][2, :, 0], steps[6:11], rtol=1e-6)
    moved = data.open_source(spec, length=5, columns=("b",), transform="difference")
    np.testing.assert_allclose(moved.arrays[0][0, :, 0], np.diff([b for _, b in VALUES])[:5], rtol=1e-6)


def test_gzip_windows_line_ends_and_a_byte_order_mark(tmp_path):
    text = b"\xef\xbb\xbf" + lines(VALUES).replace("\n", "\r\n").encode()
    plain = data.open_source(write(tmp_path, lines(VALUES)), length=4)
    packed = data.open_source(write(tmp_path, gzip.compress(text), "prices.csv.gz"), length=4)
    np.testing.assert_array_equal(packed.arrays[0], plain.arrays[0])


def test_sp500_says_which_package_it_needs(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "arch", None)
    monkeypatch.setitem(sys.modules, "arch.data", None)
    with pytest.raises(ValueError, match=r"sp500 needs the package arch; pip install 'tfgan\[series\]'"):
        data.open_source("sp500")


BAD = {
    "not there": (None, {}, r"expected a CSV file, got none"),
    "header only": ("time,a,b\n", {}, "expected rows behind the header"),
    "too short": (lines(VALUES), {"length": 40}, "--length: expected at most 25 steps"),
    "no such column": (
        lines(VALUES),
        {"columns": ("aa",)},
        r"has no column 'aa'.*expected some of: time, a, b",
    ),
    "a zero price": (
        lines([(0, 1), *VALUES]),
        {"transform": "log_return"},
        "log_return expected numbers above 0, got 0 of 'a' in row 1",
    ),
    "a missing cell": (
        lines([*VALUES[:2], ("NaN", 1), *VALUES[3:]]),
        {},
        "expected finite numbers in column 'a', got a missing one in row 3",
    ),
    "infinity": (lines([*VALUES[:2], ("inf", 1)]), {}, "got 'inf' in row 3"),
    "a decimal comma": (
        lines([('"1,5"', 1), *VALUES]),
        {"columns": ("a",)},
        "got '1,5' in row 1; write numbers with a point",
    ),
    "times that go back": (
        "time,a\n2020-01-02,1\n2020-01-01,2\n",
        {},
        "times that rise in column 'time', got '2020-01-01' in row 2, which goes back",
    ),
    "times that repeat": ("time,a\n2020-01-02,1\n2020-01-02,2\n", {}, "in row 2, which repeats"),
    "a constant": (lines([(1, 2)] * 28), {"length": 4}, "expected columns that vary, got 'a'"),
    "texts only": ("name,b\nx,y\nz,w\n", {}, "expected a column of numbers, got none"),
}


@pytest.mark.parametrize("case", BAD)
def test_files_that_cannot_be_used_are_refused_in_one_line(case, tmp_path):
    text, options, message = BAD[case]
    spec = f"series:{tmp_path / 'none.csv'}" if text is None else write(tmp_path, text)
    with pytest.raises(ValueError, match=message) as found:
        data.open_source(spec, **options)
    assert "\n" not in str(found.value)
