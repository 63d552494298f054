"""Write the report as Markdown; it links to the pictures in the run folders."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tfgan.comparison import report
from tfgan.comparison.report import BETTER, Report, Scoreboard


def render_page(made: Report, command: str) -> str:
    """Return the whole report.

    Args:
        made: the report.
        command: the command line of the study.
    """
    states = ", ".join(f"{count} {state}" for state, count in made.states.items())
    parts = [f"# {made.title}", f"```\n{command}\n```", f"{len(made.runs)} runs: {states}."]
    for board in made.boards:
        parts += [f"## {board.dataset}", *_render_board(board, made)]
    diagnoses = report.tabulate_diagnoses(made)
    parts += ["## Diagnoses", render_table(report.DIAGNOSES, diagnoses, 4, "None.")]
    parts += ["## Time and memory", render_table(report.COSTS, report.tabulate_costs(made), 2)]
    failures = report.tabulate_failures(made)
    parts += ["## Runs that did not finish", render_table(report.FAILURES, failures, 4, "None.")]
    parts += [
        "## How to read this",
        "\n".join(f"- {line}" for line in report.list_notes(made)),
        "## Made with",
        "\n".join(made.versions()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_table(heads: Sequence[str], rows: Sequence[Sequence[str]], texts: int, without: str = "") -> str:
    """Return a Markdown table, or `without` if there are no rows.

    Args:
        heads: cells of the first row.
        rows: cells of the other rows.
        texts: number of leading columns with text; the others are right-aligned.
        without: text in place of a table without rows.
    """
    if not rows:
        return without
    rule = "|" + "".join("---|" if index < texts else "---:|" for index in range(len(heads)))
    lines = [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", "<br>") for cell in row) + " |"
        for row in (heads, *rows)
    ]
    return "\n".join([lines[0], rule, *lines[1:]])


def _render_board(board: Scoreboard, made: Report) -> list[str]:
    if not board.figures:
        return ["No run has finished yet."]
    heads = [f"{figure.name} ({BETTER[figure.better]})" for figure in board.figures]
    scores, ranks = [], []
    for row in board.rows:
        label = row.contender.label
        found = [(row.summaries[figure.name], row.standings[figure.name]) for figure in board.figures]
        means = [
            f"{report.format_number(one.mean)} {report.format_interval(one, row.finished)}".strip()
            for one, _ in found
        ]
        scores.append((label, f"{row.finished} of {len(row.runs)}", *means))
        ranks.append((label, *(_format_standing(one) for _, one in found), report.format_rank(row.rank)))
    if any(figure.real is not None for figure in board.figures):
        scores.append(
            (
                "*real data*",
                "",
                *(
                    report.format_number(figure.real) if figure.real is not None else ""
                    for figure in board.figures
                ),
            )
        )
    parts = [render_table(["objective", "runs", *heads], scores, 1)]
    if len(board.rows) > 1:
        parts.append(
            render_table(["ranks", *(figure.name for figure in board.figures), "mean rank"], ranks, 1)
        )
    pictures = [
        (row.contender.label, next((run.picture for run in row.runs if run.picture), None))
        for row in board.rows
    ]
    shown = [(label, os.path.relpath(file, made.study.folder)) for label, file in pictures if file]
    if shown:
        parts.append("| " + " | ".join(label for label, _ in shown) + " |\n|" + "---|" * len(shown) + "\n| ")
        parts[-1] += " | ".join(f"![{label}](<{file}>)" for label, file in shown) + " |"
    return parts


def _format_standing(one) -> str:
    test = report.format_test(one)
    return report.format_rank(one.rank) + (f" ({test})" if test else "")
