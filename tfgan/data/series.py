"""Windows of series: daily oil prices, an index, and files of the user."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgan.core import csv_file, files
from tfgan.data.source import FiniteSource, Request, in_memory
from tfgan.kinds.series import Series

LENGTH = 64  # steps of a window
HELD_OUT = 10  # the last tenth of time is held out
ORDER_SEED = 20140610
WTI = Path(__file__).parent / "files" / "wti.npz"
TRANSFORMS = {
    "none": lambda x: x,
    "difference": lambda x: np.diff(x, axis=0),
    "log_return": lambda x: np.diff(np.log(x), axis=0),
}


def wti(request: Request) -> FiniteSource:
    """Open the daily prices of West Texas Intermediate crude oil, 1986 to 2018, as log returns by default.

    The U.S. Energy Information Administration published the prices (public domain); days without one are left out.
    """
    with np.load(WTI, allow_pickle=False) as file:
        prices = file["prices"].astype(np.float64)[:, None]
    return _windows("wti", prices, ["price"], request, "log_return")


def sp500(request: Request) -> FiniteSource:
    """Open the S&P 500's daily closing values, 1999 to 2018, which the package `arch` brings, as log returns by default.

    Raises:
        ValueError: `arch` is not installed.
    """
    try:
        from arch.data import sp500 as origin
    except ImportError:
        raise ValueError("--dataset: sp500 needs the package arch; pip install 'tfgan[series]'") from None
    values = origin.load()["Adj Close"].to_numpy(np.float64)[:, None]
    return _windows("sp500", values, ["close"], request, "log_return")


def series(request: Request) -> FiniteSource:
    """Open the windows of a CSV file: a line a time, a column a channel, and perhaps a column of times.

    The file is read as `tfgan.core.csv_file` says. `request.columns` chooses columns; by default all that hold
    numbers. A first column of ISO dates is the time, which must rise; of other texts, it is left out.

    Raises:
        ValueError: a file or a column that cannot be used, times that do not rise, a cell that is missing or no
            number, prices of 0 or less under "log_return", or too few rows.
    """
    path = files.expand_home(request.path)
    layout = csv_file.read_layout(path)
    cells = [()] * len(layout.names)
    for _, columns in csv_file.read_chunks(path, layout):
        cells = [before + more for before, more in zip(cells, columns, strict=True)]
    if not cells[0]:
        raise ValueError(f"{path}: expected rows behind the header, got none")
    by_name = dict(zip(layout.names, cells, strict=True))
    time = _find_time(path, layout.names[0], cells[0])
    names = list(csv_file.split_names(request.columns, layout.names)) or [
        name for name in layout.names if name != time and _are_numbers(by_name[name])
    ]
    if unknown := [name for name in names if name not in by_name]:
        from tfgan.core.registry import nearest

        raise ValueError(
            f"--columns: {path} has no column {unknown[0]!r}{nearest(unknown[0], layout.names)}; "
            f"expected some of: {', '.join(layout.names)}"
        )
    if not names:
        raise ValueError(f"{path}: expected a column of numbers, got none; name columns by --columns")
    values = np.stack([_to_numbers(path, name, by_name[name]) for name in names], axis=1)
    return _windows(f"series:{path}", values, names, request, "none")


def _windows(
    name: str, values: np.ndarray, channels: Sequence[str], request: Request, default: str
) -> FiniteSource:
    """Return the windows of a series (time, channels); the last tenth of time is held out, behind a gap of a window."""
    length, transform = request.length or LENGTH, request.transform or default
    if transform == "log_return" and (values <= 0).any():
        row, column = np.argwhere(values <= 0)[0]
        raise ValueError(
            f"--transform: log_return expected numbers above 0, got {values[row, column]:g} of {channels[column]!r} "
            f"in row {row + 1} of {name}; take difference"
        )
    steps = TRANSFORMS[transform](values).astype(np.float32)
    starts = np.arange(0, len(steps) - length + 1, request.stride)
    border = len(steps) - math.ceil(len(steps) / HELD_OUT)
    train = np.flatnonzero(starts + length <= border)
    held_out = np.flatnonzero(starts >= border + length)
    if not len(train):
        raise ValueError(
            f"--length: expected at most {border} steps, as {name} has {len(steps)} and the last tenth is held out, got {length}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(steps, length, axis=0)[starts].transpose(0, 2, 1)
    windows = np.ascontiguousarray(windows)
    if windows.nbytes > request.memory_budget:
        raise ValueError(
            f"{name}: expected at most {request.memory_budget // 2**20} MiB of windows, got {windows.nbytes // 2**20}; "
            "raise --stride or --memory_budget_mib"
        )
    spread = np.ptp(windows[train], axis=(0, 1))
    if not spread.all():
        still = channels[int(spread.argmin())]
        raise ValueError(
            f"{name}: expected columns that vary, got {still!r}, which does not; leave it out by --columns"
        )
    order = np.random.default_rng(ORDER_SEED).permutation(held_out)
    return in_memory(
        name,
        windows,
        None,
        kind=Series.fit(windows, train, tuple(channels)),
        rows=(train, order),
    )


def _find_time(path: Path, name: str, texts: Sequence[str]) -> str | None:
    """Return the name of the first column if it is a time, once its times rise; None if it holds numbers."""
    if _are_numbers(texts):
        return None
    times = _read_dates(texts)
    if times is None:
        return name  # other texts, such as names of days: the order of the file is the time
    for row, (before, after) in enumerate(itertools.pairwise(times), 2):
        if after <= before:
            how = "repeats" if after == before else "goes back"
            raise ValueError(
                f"{path}: expected times that rise in column {name!r}, got {texts[row - 1]!r} in row {row}, which {how}"
            )
    return name


def _read_dates(texts: Sequence[str]) -> np.ndarray | None:
    """Return ISO dates, with or without a time of day, as datetime64; None for other texts."""
    try:
        return np.array([text.strip() for text in texts], "datetime64[s]")
    except ValueError:
        return None


def _are_numbers(texts: Sequence[str]) -> bool:
    """Return whether a column holds numbers, as far as its cells are not missing."""
    known = [text for text in texts if text.strip() not in csv_file.MISSING]
    try:
        np.array(known, np.float64)
    except ValueError:
        return False
    return bool(known)


def _to_numbers(path: Path, name: str, texts: Sequence[str]) -> np.ndarray:
    for row, text in enumerate(texts, 1):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            kind = "a missing one" if text.strip() in csv_file.MISSING else repr(text)
            comma = "; write numbers with a point" if "," in text else ""
            raise ValueError(
                f"{path}: expected finite numbers in column {name!r}, got {kind} in row {row}{comma}; "
                "leave the row out or fill it in"
            )
    return np.array(texts, np.float64)
