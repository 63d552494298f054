"""Write the report as one self-contained HTML file with its style, charts and pictures."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from tfgan.comparison import plots, report
from tfgan.comparison.report import BETTER, Figure, Report, Row, Scoreboard
from tfgan.comparison.results import METRICS, Run
from tfgan.comparison.study import Contender

Reals = Mapping[str, Path]
STYLE = (Path(__file__).with_name("page.css")).read_text(encoding="utf-8")


def render_page(made: Report, command: str, reals: Reals) -> str:
    """Return the whole page.

    Args:
        made: the report.
        command: the command line of the study.
        reals: picture of real data, by data set.
    """
    body = [
        f"<h1>{escape(made.title)}</h1>",
        f"<pre>{escape(command)}</pre>",
        _render_tiles(made),
        *(_render_board(board, made, reals.get(board.dataset)) for board in made.boards),
        _render_section("Diagnoses", _render_diagnoses(made)),
        _render_section("Time and memory", _render_costs(made)),
        _render_section("Runs that did not finish", _render_failures(made)),
        _render_section(
            "How to read this",
            "<ul class='notes'>"
            + "".join(f"<li>{escape(line)}</li>" for line in report.list_notes(made))
            + "</ul>",
        ),
        _render_section(
            "Made with",
            "".join(f"<p>{escape(line)}</p>" for line in made.versions())
            or "<p>Nothing has been run yet.</p>",
        ),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
    head += f"<title>{escape(made.title)}</title><style>{STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{"".join(body)}</main></body></html>\n'


class Pair(NamedTuple):
    """A number and a remark on it: two columns under one head."""

    number: str
    remark: str


def render_table(heads: Sequence[str], rows: Sequence[Sequence[str | Pair]], texts: int) -> str:
    """Return a table of HTML cells.

    Args:
        heads: cells of the first row.
        rows: the other rows; each cell is escaped HTML.
        texts: number of leading columns with text; the others hold numbers and are right-aligned.
    """
    paired = {index for row in rows for index, content in enumerate(row) if isinstance(content, Pair)}

    def head(index: int, text: str) -> str:
        return f"<th{' colspan=2' * (index in paired)}{' class=n' * (index >= texts and index not in paired)}>{text}</th>"

    def cell(index: int, content: str | Pair) -> str:
        if index not in paired:
            return f"<td{' class=n' * (index >= texts)}>{content}</td>"
        number, remark = content if isinstance(content, Pair) else (content, "")
        return f'<td class="n first">{number}</td><td><small>{remark}</small></td>'

    top = "".join(head(*numbered) for numbered in enumerate(heads))
    lines = ("<tr>" + "".join(cell(*numbered) for numbered in enumerate(row)) + "</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def embed_picture(file: Path, name: str) -> str:
    """Return an HTML figure that embeds a PNG file."""
    data = base64.b64encode(file.read_bytes()).decode()
    return f'<figure><img alt="{escape(name)}" src="data:image/png;base64,{data}"><figcaption>{escape(name)}</figcaption></figure>'


def _render_section(heading: str, content: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{content}</section>"


def _render_tiles(made: Report) -> str:
    hours = sum(run.outcome.processor_seconds for run in made.runs) / 3600
    facts = [(f"{count}", state) for state, count in made.states.items()]
    facts.append(
        (
            f"{hours:.1f}" if hours >= 0.05 else f"{60 * hours:.1f}",
            "processor hours" if hours >= 0.05 else "processor minutes",
        )
    )
    return (
        '<div class="tiles">'
        + "".join(f"<div><b>{value}</b> {escape(name)}</div>" for value, name in facts)
        + "</div>"
    )


def _render_board(board: Scoreboard, made: Report, real: Path | None) -> str:
    colors = {contender: index for index, contender in enumerate(made.study.contenders)}
    parts = [_describe_best(board, made)]
    if board.figures:
        parts += ["<h3>Scores</h3>", _render_scores(board), _render_dots(board, colors)]
        if len(board.rows) > 1:
            parts += ["<h3>Ranks</h3>", _render_ranks(board, made)]
    parts += [_render_samples(board, real), _render_curves(board, colors)]
    return _render_section(board.dataset, "".join(parts))


def _describe_best(board: Scoreboard, made: Report) -> str:
    """Return the best contender, and its test against the reference, in one or two sentences."""
    best, seeds = board.rows[0], len(made.study.seeds)
    if best.rank is None or len(board.rows) < 2:
        return ""
    text = f"Lowest mean rank: <b>{escape(best.contender.label)}</b> ({report.format_rank(best.rank)} of {len(board.rows)})."
    if seeds == 1:
        text += " With one seed, this order is not significant."
    elif best.contender != made.reference:
        known = [
            (figure, best.standings[figure.name])
            for figure in board.figures
            if best.standings[figure.name].p is not None
        ]
        told = [
            f"{escape(figure.name)} on {one.better} of {one.pairs} seeds (p = {report.format_number(one.p)})"
            for figure, one in known
        ]
        text += (
            f" It beats the reference, {escape(made.reference.label)}, in {', '.join(told)}." if told else ""
        )
    return f'<p class="lead">{text}</p>'


def _render_head(figure: Figure) -> str:
    arrow = {"lower": "↓", "higher": "↑", "real": "≈"}[figure.better]
    return (
        f'<span title="{BETTER[figure.better]}">{escape(figure.name).replace("/", "/<wbr>")} {arrow}</span>'
    )


def _render_scores(board: Scoreboard) -> str:
    rows = []
    for row in board.rows:
        cells = []
        for figure in board.figures:
            mean, best = report.format_number(row.summaries[figure.name].mean), board.best(figure)
            is_best = best is not None and mean == report.format_number(best)
            cells.append(
                Pair(
                    f"<b>{mean}</b>" if is_best else mean,
                    report.format_interval(row.summaries[figure.name], row.finished),
                )
            )
        rows.append([escape(row.contender.label), f"{row.finished} of {len(row.runs)}", *cells])
    if any(figure.real is not None for figure in board.figures):
        rows.append(
            [
                "<i>real data</i>",
                "",
                *(
                    report.format_number(figure.real) if figure.real is not None else ""
                    for figure in board.figures
                ),
            ]
        )
    return render_table(["objective", "runs", *map(_render_head, board.figures)], rows, 1)


def _render_dots(board: Scoreboard, colors: Mapping[Contender, int]) -> str:
    charts = []
    for figure in board.figures:
        rows = [
            (row.contender.label, colors[row.contender], row.summaries[figure.name]) for row in board.rows
        ]
        if drawn := plots.draw_dots(rows, figure.real, f"{figure.name} of each objective and seed"):
            charts.append(
                f"<figure>{drawn}<figcaption>{_render_head(figure)}, {BETTER[figure.better]}</figcaption></figure>"
            )
    several = any(len(row.runs) > 1 for row in board.rows)
    key = "Dots: seeds" + ("; bar: interval of the mean; vertical stroke: mean" if several else "")
    return (
        f'<div class="charts">{"".join(charts)}</div><p class="key">{key}; dashed line: real data.</p>'
        if charts
        else ""
    )


def _render_ranks(board: Scoreboard, made: Report) -> str:
    figures = [
        figure
        for figure in board.figures
        if any(row.standings[figure.name].rank is not None for row in board.rows)
    ]
    tested, rows = len(made.study.seeds) > 1, []
    for row in board.rows:
        cells = []
        for figure in figures:
            one = row.standings[figure.name]
            test = "reference" if row.contender == made.reference and tested else report.format_test(one)
            cells.append(Pair(report.format_rank(one.rank), test))
        rows.append([escape(row.contender.label), *cells, f"<b>{report.format_rank(row.rank)}</b>"])
    return (
        render_table(["objective", *map(_render_head, figures), "mean rank"], rows, 1)
        if figures
        else "<p>No figure has ranks.</p>"
    )


def _render_samples(board: Scoreboard, real: Path | None) -> str:
    if not any(run.picture for row in board.rows for run in row.runs):
        return ""
    shown = [embed_picture(real, "real data")] if real else []
    others: list[str] = []
    for row in board.rows:
        drawn = [run for run in row.runs if run.picture]
        for place, run in enumerate(drawn):
            name = f"{row.contender.label}, seed {run.cell.seed}" + (
                "" if run.outcome.state == "finished" else f" ({run.outcome.state})"
            )
            (others if place else shown).append(embed_picture(run.picture, name))
    more = (
        f'<details><summary>The other seeds</summary><div class="grids">{"".join(others)}</div></details>'
        if others
        else ""
    )
    return f'<h3>Samples</h3><div class="grids">{"".join(shown)}</div>{more}'


def _render_curves(board: Scoreboard, colors: Mapping[Contender, int]) -> str:
    """Return charts over steps: scores per figure, and losses per contender, since their scales differ."""
    charts = []
    for figure in board.figures:
        members = [(colors[row.contender], _select_curves(row, METRICS + figure.name)) for row in board.rows]
        if any(len(seed) > 1 for _, seeds in members for seed in seeds):
            drawn = plots.draw_curves(
                [one for one in members if one[1]], figure.real, f"{figure.name} over steps"
            )
            charts.append(
                f"<figure>{drawn}<figcaption>{_render_head(figure)} over steps</figcaption></figure>"
            )
    legend = plots.draw_legend({row.contender.label: colors[row.contender] for row in board.rows})
    scores = f'{legend}<div class="charts">{"".join(charts)}</div>'
    losses = []
    for row in board.rows:
        members = [
            (index, seeds)
            for index, tag in enumerate(("loss/discriminator", "loss/generator"))
            if (seeds := _select_curves(row, tag))
        ]
        if (
            drawn := plots.draw_curves(members, None, f"losses of {row.contender.label}", size=(340, 170))
            if members
            else ""
        ):
            losses.append(f"<figure>{drawn}<figcaption>{escape(row.contender.label)}</figcaption></figure>")
    key = plots.draw_legend({"discriminator": 0, "generator": 1})
    drawn = f"<h3>Scores over steps</h3>{scores}" if charts else ""
    return drawn + (
        f'<h3>Losses over steps</h3>{key}<div class="charts small">{"".join(losses)}</div>' if losses else ""
    )


def _select_curves(row: Row, tag: str) -> list[Sequence[tuple[int, float]]]:
    return [run.curves[tag] for run in row.runs if run.curves.get(tag)]


def _render_diagnoses(made: Report) -> str:
    rows = [[*map(escape, row)] for row in report.tabulate_diagnoses(made)]
    if rows:
        cells = [
            (data, label, f"<b>{name}</b>", f"<small>{said}</small>", seed, step)
            for data, label, name, said, seed, step in rows
        ]
        return render_table(report.DIAGNOSES, cells, 4)
    watched = any(run.is_watched for run in made.runs)
    return "<p>None: the doctor found no failure.</p>" if watched else "<p>The doctor watched no run.</p>"


def _render_costs(made: Report) -> str:
    rows = [[*map(escape, row)] for row in report.tabulate_costs(made)]
    threads = sorted({run.outcome.threads for run in made.runs if run.outcome.threads})
    note = (
        f"<p class='key'>Medians over runs with {' or '.join(map(str, threads))} thread{'s' * (threads != [1])} each"
        if threads
        else ""
    )
    minutes = sum(run.outcome.processor_seconds for run in made.runs) / 60
    note += (
        f"; {minutes:,.1f} processor minutes in total. Memory excludes the memory of a GPU.</p>"
        if note
        else ""
    )
    return render_table(report.COSTS, rows, 2) + note


def _render_failures(made: Report) -> str:
    rows: Sequence[Run] = made.failures
    if not rows:
        return "<p>None.</p>"
    escaped = [[*map(escape, row)] for row in report.tabulate_failures(made)]
    cells = [
        (data, label, state, f"<small>{said}</small>", seed, status)
        for data, label, state, said, seed, status in escaped
    ]
    logs = f"The output of each run is in <code>{escape(str(made.study.folder / 'logs'))}</code>."
    note = f"<p class='key'>{logs} The same command trains the missing runs, not the diverged ones.</p>"
    return render_table(report.FAILURES, cells, 4) + note
