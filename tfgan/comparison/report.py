"""Compute the contents of a report for all formats: scoreboards, costs, failures, diagnoses and notes."""

from __future__ import annotations

import dataclasses
import math
import statistics as middle
from collections.abc import Mapping, Sequence

import numpy as np

from tfgan.comparison import statistics
from tfgan.comparison.results import Run
from tfgan.comparison.statistics import Standing, Summary
from tfgan.comparison.study import GAN, Contender, Study

COSTS = (
    "data",
    "objective",
    "finished",
    "training, minutes",
    "processor, minutes",
    "real images/s",
    "peak memory, MiB",
)
DIAGNOSES = ("data", "objective", "diagnosis", "evidence and remedy", "seed", "step")
FAILURES = ("data", "objective", "state", "last words", "seed", "exit")
BETTER = {"lower": "lower is better", "higher": "higher is better", "real": "nearer to real data is better"}


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a data set: a metric whose scores are compared.

    Attributes:
        name: name of the figure.
        better: "lower", "higher" or "real", a key of `BETTER`.
        real: score of real data, the mean over the runs; None if unknown.
    """

    name: str
    better: str
    real: float | None


@dataclasses.dataclass(frozen=True)
class Row:
    """A contender on a data set: its runs by seed, and its summary and standing by figure."""

    contender: Contender
    runs: Sequence[Run]
    summaries: Mapping[str, Summary]
    standings: Mapping[str, Standing]

    @property
    def rank(self) -> float | None:
        """The mean rank over figures; None if no figure has a rank."""
        known = [standing.rank for standing in self.standings.values() if standing.rank is not None]
        return sum(known) / len(known) if known else None

    @property
    def finished(self) -> int:
        """The number of finished runs."""
        return sum(run.outcome.state == "finished" for run in self.runs)


@dataclasses.dataclass(frozen=True)
class Scoreboard:
    """All contenders on one data set, the best first."""

    dataset: str
    figures: Sequence[Figure]
    rows: Sequence[Row]

    def best(self, figure: Figure) -> float | None:
        """Return the best mean of a figure over contenders, or None if all means are equally good.

        A contender with a diverged run does not count, since its mean covers only the surviving seeds.
        """
        means = [
            row.summaries[figure.name].mean
            for row in self.rows
            if all(run.outcome.state != "diverged" for run in row.runs)
        ]
        known = [
            (statistics.to_cost(mean, figure.better, figure.real), mean) for mean in means if mean is not None
        ]
        ranked = [pair for pair in known if not math.isnan(pair[0])]
        return min(ranked)[1] if len({cost for cost, _ in ranked}) > 1 else None


@dataclasses.dataclass(frozen=True)
class Report:
    """A study, its runs and its scoreboards."""

    study: Study
    runs: Sequence[Run]
    boards: Sequence[Scoreboard]

    @property
    def reference(self) -> Contender:
        """The contender that the others are tested against: the first, fixed before any result is known."""
        return self.study.contenders[0]

    @property
    def states(self) -> Mapping[str, int]:
        """The number of runs by state."""
        return statistics.count_states([run.outcome.state for run in self.runs])

    @property
    def failures(self) -> list[Run]:
        """The runs that did not finish."""
        return [run for run in self.runs if run.outcome.state != "finished"]

    @property
    def title(self) -> str:
        """The title: methods or objectives, penalties, seeds and data sets in one line."""
        seeds = len(self.study.seeds)
        parts = [f"{len(self.study.losses)} objective{'s' * (len(self.study.losses) > 1)}"]
        if self.study.methods != (GAN,):
            parts = [f"{len(self.study.contenders)} contender{'s' * (len(self.study.contenders) > 1)}"]
        elif len(self.study.penalties) > 1:
            parts.append(f"{len(self.study.penalties)} penalty settings")
        parts.append(f"{seeds} seed{'s' * (seeds > 1)}")
        return f"{' x '.join(parts)} on {', '.join(self.study.datasets)}"

    def versions(self) -> list[str]:
        """Return one line per distinct set of library versions among the runs."""
        sets = [
            ", ".join(f"{name} {text}" for name, text in run.outcome.versions.items())
            for run in self.runs
            if run.outcome.versions
        ]
        return [
            f"{line} ({count} runs)" if len(set(sets)) > 1 else line
            for line, count in statistics.count_states(sets).items()
        ]


def build_report(study: Study, runs: Sequence[Run]) -> Report:
    """Return the report on a study's runs."""
    return Report(study, runs, [_build_scoreboard(study, runs, dataset) for dataset in study.datasets])


def _build_scoreboard(study: Study, runs: Sequence[Run], dataset: str) -> Scoreboard:
    here = [run for run in runs if run.cell.dataset == dataset]
    own = {
        contender: [run for run in here if run.cell.contender == contender] for contender in study.contenders
    }
    figures = _collect_figures(here)
    summaries = {
        contender: {
            figure.name: statistics.summarize([run.score(figure.name) for run in members])
            for figure in figures
        }
        for contender, members in own.items()
    }
    standings = {
        figure.name: statistics.compute_standings(
            np.array([_collect_costs(members, figure) for members in own.values()])
        )
        for figure in figures
    }
    rows = [
        Row(contender, members, summaries[contender], {name: rows[index] for name, rows in standings.items()})
        for index, (contender, members) in enumerate(own.items())
    ]
    return Scoreboard(
        dataset, figures, sorted(rows, key=lambda row: math.inf if row.rank is None else row.rank)
    )


def _collect_figures(runs: Sequence[Run]) -> list[Figure]:
    """Return the figures for which at least one run has scores."""
    about = {name: facts for run in runs for name, facts in run.figures.items()}
    figures = []
    for name, facts in about.items():
        if any(name in run.scores for run in runs):
            reals = [value for run in runs if (value := run.score(facts["real"])) is not None]
            figures.append(Figure(name, facts["better"], sum(reals) / len(reals) if reals else None))
    return figures


def _collect_costs(runs: Sequence[Run], figure: Figure) -> list[float]:
    """Return the costs by seed: infinity for a diverged run, NaN for a failed or missing one."""
    return [
        statistics.to_cost(run.score(figure.name), figure.better, figure.real)
        if run.outcome.is_result
        else math.nan
        for run in runs
    ]


def format_number(value: float | None) -> str:
    """Return a number with at most four digits, or "-" for None."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return (
        f"{value:.3f}".rstrip("0")
        if 0.1 <= abs(value) < 10
        else f"{value:.4g}"
        if abs(value) >= 10
        else f"{value:.3g}"
    )


def format_rank(value: float | None) -> str:
    """Return a rank with at most two decimals, or "-" for None."""
    return "-" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def format_interval(one: Summary, finished: int) -> str:
    """Return the interval in brackets, and the number of seeds if a finished run lacks the figure."""
    parts = [f"[{format_number(one.low)}, {format_number(one.high)}]"] if one.low is not None else []
    if 0 < len(one.known) < finished:
        parts.append(f"of {len(one.known)} seed{'s' * (len(one.known) > 1)}")
    return " ".join(parts)


def format_test(one: Standing) -> str:
    """Return the result of the test against the reference, or an empty text without a test."""
    return (
        f"{one.better}/{one.pairs} better, p = {format_number(one.p)}{'*' if one.holm else ''}"
        if one.p is not None
        else ""
    )


def tabulate_costs(report: Report) -> list[tuple[str, ...]]:
    """Return the table of time and memory, medians over a contender's runs; the heads are `COSTS`."""
    rows = []
    for board in report.boards:
        for row in board.rows:
            made = [run for run in row.runs if run.outcome.status is not None]
            columns = (
                [run.seconds / 60 for run in made if run.seconds is not None],
                [run.outcome.processor_seconds / 60 for run in made],
                [run.images_per_second for run in made if run.images_per_second],
                [run.outcome.peak_mib for run in made],
            )
            values = [
                f"{middle.median(column):,.{digits}f}" if column else "-"
                for column, digits in zip(columns, (1, 1, 0, 0), strict=True)
            ]
            rows.append((board.dataset, row.contender.label, f"{row.finished} of {len(row.runs)}", *values))
    return rows


def list_notes(report: Report) -> list[str]:
    """Return notes on the computation of the figures and on their limits."""
    seeds, contenders = len(report.study.seeds), len(report.study.contenders)
    lines = [
        "Each run trains and is scored with one seed, which sets the weights, the noise and the order of the "
        "data. The scores evaluate the averaged generator at the last step. A run that diverged has no scores: "
        "it ranks last in its seed, and intervals and tests leave it out. A run that failed or is missing has "
        "no rank."
    ]
    if seeds == 1:
        lines.append(
            "With one seed no interval and no test is claimed: another seed may reverse any order here."
        )
    else:
        lines.append(
            "Brackets are 95 % percentile bootstrap intervals of the mean over seeds "
            f"({statistics.RESAMPLES:,} resamples, generator seed {statistics.SEED}). They measure only the "
            "spread over seeds, and with few seeds they are too narrow: with three seeds the interval is the "
            "range, which contains the median of the distribution with probability 3/4."
        )
    if seeds > 1 and contenders > 1:
        least = 2.0 ** (1 - seeds)
        lines.append(
            f"p is the two-sided p-value of the {'exact ' if seeds <= statistics.EXACT_UP_TO else ''}sign-flip "
            f"permutation test of the differences from the reference, {report.reference.label}, the first "
            f"contender; runs with the same seed are a pair. With {seeds} seeds its smallest value is "
            f"{format_number(least)}{', so no difference can be significant at .05' if least > 0.05 else ''}. A star "
            "marks a p that stays below .05 after Holm's correction for all contenders of the figure."
        )
    if contenders > 1:
        lines.append(
            "A rank is the mean over seeds of the place within a seed, 1 for the best; ties share the mean of "
            "their places. The last column averages over figures, which are not independent."
        )
    lines.append("The score of real data is the score of a second real sample: the best achievable score.")
    return lines


def tabulate_diagnoses(report: Report) -> list[tuple[str, ...]]:
    """Return the table of the doctor's diagnoses of all runs; the heads are `DIAGNOSES`."""
    return [
        (
            run.cell.dataset,
            run.cell.contender.label,
            str(one["diagnosis"]).replace("_", " "),
            " ".join(str(one[key]) for key in ("evidence", "remedy") if one.get(key)),
            str(run.cell.seed),
            str(one["step"]),
        )
        for run in report.runs
        for one in run.diagnoses
    ]


def tabulate_failures(report: Report) -> list[tuple[str, ...]]:
    """Return the table of the runs that did not finish; the heads are `FAILURES`."""
    return [
        (
            run.cell.dataset,
            run.cell.contender.label,
            run.outcome.state,
            run.outcome.error or "-",
            str(run.cell.seed),
            "-" if run.outcome.status is None else str(run.outcome.status),
        )
        for run in report.failures
    ]
