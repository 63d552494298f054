"""What a report says, whatever it is written in: scoreboards of each data set, costs, failures, diagnoses, and how to read them."""

from __future__ import annotations

import dataclasses
import math
import statistics as middle
from collections.abc import Mapping, Sequence

import numpy as np

from tfgan.comparison import statistics
from tfgan.comparison.results import Run
from tfgan.comparison.statistics import Standing, Summary
from tfgan.comparison.study import Contender, Study

COSTS = ("data", "objective", "finished", "training, minutes", "processor, minutes", "real images/s", "peak memory, MiB")
DIAGNOSES = ("data", "objective", "diagnosis", "evidence and remedy", "seed", "step")
FAILURES = ("data", "objective", "state", "last words", "seed", "exit")
BETTER = {"lower": "lower is better", "higher": "higher is better", "real": "nearer to real data is better"}


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a data set: its name, which is better, and what real data score (the mean over the runs; None if unknown)."""

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
        """The mean rank over figures; None where nothing is ranked."""
        known = [standing.rank for standing in self.standings.values() if standing.rank is not None]
        return sum(known) / len(known) if known else None

    @property
    def finished(self) -> int:
        """How many of its runs finished."""
        return sum(run.outcome.state == "finished" for run in self.runs)


@dataclasses.dataclass(frozen=True)
class Scoreboard:
    """All contenders on one data set, the best first."""

    dataset: str
    figures: Sequence[Figure]
    rows: Sequence[Row]

    def best(self, figure: Figure) -> float | None:
        """Return the best mean of those of whom no run diverged, which is no mean of survivors; None where none is better."""
        means = [row.summaries[figure.name].mean for row in self.rows if all(run.outcome.state != "diverged" for run in row.runs)]
        known = [(statistics.cost(mean, figure.better, figure.real), mean) for mean in means if mean is not None]
        ranked = [pair for pair in known if not math.isnan(pair[0])]
        return min(ranked)[1] if len({cost for cost, _ in ranked}) > 1 else None


@dataclasses.dataclass(frozen=True)
class Report:
    """A study and everything that was read of it."""

    study: Study
    runs: Sequence[Run]
    boards: Sequence[Scoreboard]

    @property
    def reference(self) -> Contender:
        """The contender that the others are tested against: the first, chosen before there was anything to see."""
        return self.study.contenders[0]

    @property
    def states(self) -> Mapping[str, int]:
        """How many runs ended in each way."""
        return statistics.counts([run.outcome.state for run in self.runs])

    @property
    def failures(self) -> list[Run]:
        """Runs that did not finish."""
        return [run for run in self.runs if run.outcome.state != "finished"]

    @property
    def title(self) -> str:
        """What was compared, in a line."""
        seeds, parts = len(self.study.seeds), [f"{len(self.study.losses)} objective{'s' * (len(self.study.losses) > 1)}"]
        if len(self.study.penalties) > 1:
            parts.append(f"{len(self.study.penalties)} penalty settings")
        parts.append(f"{seeds} seed{'s' * (seeds > 1)}")
        return f"{' x '.join(parts)} on {', '.join(self.study.datasets)}"

    def versions(self) -> list[str]:
        """Return the versions that runs were made with, one line for each set of them."""
        sets = [", ".join(f"{name} {text}" for name, text in run.outcome.versions.items()) for run in self.runs if run.outcome.versions]
        return [f"{line} ({count} runs)" if len(set(sets)) > 1 else line for line, count in statistics.counts(sets).items()]


def build(study: Study, runs: Sequence[Run]) -> Report:
    """Return the report on a study's runs."""
    return Report(study, runs, [_scoreboard(study, runs, dataset) for dataset in study.datasets])


def _scoreboard(study: Study, runs: Sequence[Run], dataset: str) -> Scoreboard:
    here = [run for run in runs if run.cell.dataset == dataset]
    own = {contender: [run for run in here if run.cell.contender == contender] for contender in study.contenders}
    figures = _figures(here)
    summaries = {
        contender: {figure.name: statistics.summary([run.score(figure.name) for run in members]) for figure in figures}
        for contender, members in own.items()
    }
    standings = {figure.name: statistics.standings(np.array([_costs(members, figure) for members in own.values()])) for figure in figures}
    rows = [
        Row(contender, members, summaries[contender], {name: rows[index] for name, rows in standings.items()})
        for index, (contender, members) in enumerate(own.items())
    ]
    return Scoreboard(dataset, figures, sorted(rows, key=lambda row: math.inf if row.rank is None else row.rank))


def _figures(runs: Sequence[Run]) -> list[Figure]:
    """Return the figures that a run has scores of."""
    about = {name: facts for run in runs for name, facts in run.figures.items()}
    figures = []
    for name, facts in about.items():
        if any(name in run.scores for run in runs):
            reals = [value for run in runs if (value := run.score(facts["real"])) is not None]
            figures.append(Figure(name, facts["better"], sum(reals) / len(reals) if reals else None))
    return figures


def _costs(runs: Sequence[Run], figure: Figure) -> list[float]:
    """Return what is to be small, by seed: infinity where a run diverged, NaN where it has not been made."""
    return [statistics.cost(run.score(figure.name), figure.better, figure.real) if run.outcome.is_result else math.nan for run in runs]


def text(value: float | None) -> str:
    """Return a number in four digits at most."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.3f}".rstrip("0") if 0.1 <= abs(value) < 10 else f"{value:.4g}" if abs(value) >= 10 else f"{value:.3g}"


def rank(value: float | None) -> str:
    """Return a rank in two decimals at most."""
    return "-" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def spread(one: Summary, finished: int) -> str:
    """Return an interval in brackets, if there is one, and of how many seeds, if some of those that finished have no figure."""
    parts = [f"[{text(one.low)}, {text(one.high)}]"] if one.low is not None else []
    if 0 < len(one.known) < finished:
        parts.append(f"of {len(one.known)} seed{'s' * (len(one.known) > 1)}")
    return " ".join(parts)


def against(one: Standing) -> str:
    """Return what the test against the reference found, or an empty text."""
    return f"{one.better}/{one.pairs} better, p = {text(one.p)}{'*' if one.holm else ''}" if one.p is not None else ""


def cost_rows(report: Report) -> list[tuple[str, ...]]:
    """Return time and memory of each contender on each data set, medians over its runs, under `COSTS`."""
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
                f"{middle.median(column):,.{digits}f}" if column else "-" for column, digits in zip(columns, (1, 1, 0, 0), strict=True)
            ]
            rows.append((board.dataset, row.contender.label, f"{row.finished} of {len(row.runs)}", *values))
    return rows


def notes(report: Report) -> list[str]:
    """Return how the figures were made and what they cannot tell, a sentence or two each."""
    seeds, contenders = len(report.study.seeds), len(report.study.contenders)
    lines = [
        "Each run trains and is scored with one seed, which sets its weights, noise and order of the data. Scores are those of the "
        "averaged generator at the last step. A run that diverged has no scores: it is ranked last in its seed, and intervals and test "
        "leave it out. One that failed or has not been made is not ranked."
    ]
    if seeds == 1:
        lines.append("With one seed no interval and no test is claimed: another seed may turn any order here around.")
    else:
        lines.append(
            f"Brackets are 95 % percentile bootstrap intervals of the mean over seeds ({statistics.RESAMPLES:,} resamples, generator seed "
            f"{statistics.SEED}). They see the spread of seeds alone, and with few seeds they are too narrow: of three they are the "
            "range, which holds the middle of the distribution 3 times in 4."
        )
    if seeds > 1 and contenders > 1:
        least = 2.0 ** (1 - seeds)
        lines.append(
            f"p is two-sided, of the {'exact ' if seeds <= statistics.EXACT_UP_TO else ''}sign-flip permutation test of the differences "
            f"from the reference, {report.reference.label}, the first that was named; runs of one seed are a pair. With {seeds} seeds its "
            f"smallest value is {text(least)}{', so no difference can be significant at .05' if least > 0.05 else ''}. A star marks what "
            "stays below .05 after Holm's correction for all contenders of the figure."
        )
    if contenders > 1:
        lines.append(
            "A rank is a place within a seed, 1 for the best, the mean over seeds; equals share the mean of their places. The last column "
            "averages over figures, which are not independent."
        )
    lines.append("Of real data, the figure is what a second real sample gets in the place of the generated one: the best to be had.")
    return lines


def diagnosis_rows(report: Report) -> list[tuple[str, ...]]:
    """Return what the doctor said of each run, under `DIAGNOSES`."""
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


def failure_rows(report: Report) -> list[tuple[str, ...]]:
    """Return the runs that did not finish, under `FAILURES`."""
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
