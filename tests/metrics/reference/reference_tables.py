"""Pairs of tables whose scores `make_table_reference.py` took from SDMetrics, and a table of plain attributes."""

from __future__ import annotations

import dataclasses

import numpy as np

DATE = 1_600_000_000.0


@dataclasses.dataclass(frozen=True)
class Column:
    """A column as metrics of tables read it."""

    name: str
    values: tuple[str, ...] | None = None
    spikes: tuple[float, ...] = ()
    low: float = -np.inf
    high: float = np.inf
    is_integer: bool = False
    is_date: bool = False

    @property
    def is_category(self) -> bool:
        return self.values is not None

    def legal(self, cells):
        whole = cells == np.floor(cells)
        if self.is_category:
            return np.isnan(cells) | (whole & (cells >= 0) & (cells < len(self.values)))
        return np.isnan(cells) | (
            (cells >= self.low) & (cells <= self.high) & (whole | (not self.is_integer))
        )


@dataclasses.dataclass(frozen=True)
class Table:
    """A kind of data as metrics of tables read it; `legal` knows ranges, categories and whole numbers."""

    columns: tuple[Column, ...]
    target: str | None = None
    name = "table"

    def legal(self, cells):
        return np.stack(
            [column.legal(part) for column, part in zip(self.columns, cells.T, strict=True)], axis=1
        )


def category(name, *values):
    return Column(name, values=values)


def letters(count):
    return tuple(f"v{i}" for i in range(count))


PEOPLE = Table(
    (
        Column("age", low=17, high=90, is_integer=True),
        Column("gain", spikes=(0.0,), low=0, high=99_999, is_integer=True),
        Column("weight", low=0, high=300),
        Column("height", low=0, high=300),
        Column("visit", is_date=True, low=DATE, high=2 * DATE),
        category("sex", "Female", "Male"),
        category("job", *letters(7)),
        category("city", *letters(40)),
        category("income", "<=50K", ">50K"),
    ),
    target="income",
)


def people(count, seed, shift=0.0):
    """Return cells with dependent columns, a spike, dates and missing cells in numbers and categories."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((count, 4))
    sex = (z[:, 0] > 0.4 - shift).astype(float)
    height = np.round(165 + 12 * sex + 6 * z[:, 1], 1)
    weight = 0.9 * height - 90 + 5 * z[:, 2] + 4 * shift
    age = np.clip(np.round(40 + 12 * z[:, 3]), 17, 90)
    gain = np.where(rng.random(count) < 0.9 - shift, 0, np.round(np.exp(7 + z[:, 2])))
    visit = DATE + 86_400 * np.round(3000 + 300 * (z[:, 3] + 0.5 * z[:, 1]))
    job = np.clip(np.floor(2 + 1.5 * z[:, 3] + rng.random(count)), 0, 6)
    city = np.minimum(39, np.floor(-8 * np.log(rng.random(count))))
    income = (z[:, 3] + 2 * sex + rng.standard_normal(count) > 2.5).astype(float)
    cells = np.stack([age, gain, weight, height, visit, sex, job, city, income], axis=1)
    cells[rng.random(count) < 0.1, 2] = np.nan
    cells[rng.random(count) < 0.05 + 0.1 * shift, 6] = np.nan
    cells[rng.random(count) < 0.03, 4] = np.nan
    return cells


NUMBERS = Table(tuple(Column(f"x{i}") for i in range(4)))


def numbers(count, seed, mix):
    """Return four numbers, two of them correlated by `mix` and two constant or nearly so."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((count, 3))
    return np.stack([z[:, 0], mix * z[:, 0] + z[:, 1], np.full(count, 3.0), -z[:, 1] + z[:, 2]], axis=1)


CHOICES = Table(tuple(category(f"c{i}", *letters(3 + i)) for i in range(4)))


def choices(count, seed, copied):
    """Return four categories; the last follows the first in the share `copied` of the rows."""
    rng = np.random.default_rng(seed)
    cells = np.stack([rng.integers(0, 3 + i, count).astype(float) for i in range(4)], axis=1)
    follows = rng.random(count) < copied
    cells[follows, 3] = cells[follows, 0]
    cells[rng.random(count) < 0.02, 1] = np.nan
    return cells


def constant_fake(count, seed, mix):
    """Return `numbers` whose second column is constant."""
    cells = numbers(count, seed, mix)
    cells[:, 1] = 1.0
    return cells


CASES = {
    "people": (PEOPLE, people(3_000, 0), people(2_000, 1, 0.15)),
    "people_alike": (PEOPLE, people(3_000, 0), people(3_000, 2)),
    "numbers": (NUMBERS, numbers(1_000, 0, 1.5), numbers(800, 1, 1.0)),
    "constant_fake": (NUMBERS, numbers(1_000, 0, 1.5), constant_fake(800, 1, 1.0)),
    "independent": (CHOICES, choices(1_000, 0, 0.0), choices(700, 1, 0.3)),
    "associated": (CHOICES, choices(1_000, 0, 0.6), choices(700, 1, 0.3)),
}
