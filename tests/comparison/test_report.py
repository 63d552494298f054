"""What a report says of runs whose scores are known."""

import csv
import io
import math

import pytest
from hand_made import end, finish, make, of_table

from tfgan.comparison import markdown, plots, report, results
from tfgan.comparison.statistics import summarize

NOTE = {
    "step": 120,
    "seconds": 12.0,
    "diagnosis": "mode_collapse",
    "evidence": "3 of 8 modes.",
    "remedy": "Add --penalty=r1.",
}


def read(study):
    return report.build_report(study, results.read_runs(study))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return read(of_table(tmp_path_factory.mktemp("whole")))


def test_the_best_is_first(whole):
    """hinge: modes 8, 8, 7 against 8, 7, 6 (ranks 1.5, 1, 1), reverse KL lower in every seed (1, 1, 1)."""
    rows = whole.boards[0].rows
    assert [row.contender.loss for row in rows] == ["hinge", "nonsat"]
    assert rows[0].rank == pytest.approx((3.5 / 3 + 1) / 2)


def test_means_are_over_seeds(whole):
    found = whole.boards[0].rows[0].summaries["reverse_kl"]
    assert (found.mean, found.low, found.high) == pytest.approx((0.2, 0.1, 0.3))


def test_the_reference_is_the_first_that_was_named(whole):
    assert whole.reference.loss == "nonsat"
    assert whole.boards[0].rows[0].standings["reverse_kl"].p == 1 / 4
    assert whole.boards[0].rows[1].standings["reverse_kl"].p is None


def test_real_data_stand_beside(whole):
    assert {figure.name: figure.real for figure in whole.boards[0].figures} == {
        "modes": 8,
        "reverse_kl": 0.01,
    }


def test_notes_say_what_three_seeds_cannot_tell(whole):
    text = " ".join(report.list_notes(whole))
    assert "smallest value is 0.25, so no difference can be significant at .05" in text
    assert "exact sign-flip permutation test" in text
    assert "generator seed 0" in text


def test_one_seed_claims_nothing(tmp_path):
    made = read(of_table(tmp_path, seeds=1))
    text = markdown.render_page(made, "command")
    assert "no interval and no test is claimed" in text
    assert "[" not in text.split("## ring8")[1].split("| ranks")[0]
    assert "p = " not in text
    assert made.boards[0].rows[0].summaries["modes"].low is None


def test_a_run_that_diverged_is_counted_and_ranked_last(tmp_path):
    made = of_table(tmp_path, seeds=2)
    end(made, made.cells[1], "diverged", error="NaN or infinite: loss/generator.")
    found = read(made)
    assert found.states == {"finished": 3, "diverged": 1}
    row = next(row for row in found.boards[0].rows if row.contender.loss == "hinge")
    assert (row.finished, row.standings["modes"].rank, row.standings["modes"].pairs) == (1, 1.5, 1)
    assert report.tabulate_failures(found) == [
        ("ring8", "hinge", "diverged", "NaN or infinite: loss/generator.", "0", "3")
    ]


def test_survivors_are_not_the_best(tmp_path):
    """hinge's mean of modes is the higher, of one run of two."""
    made = of_table(tmp_path, seeds=2)
    (figure, _), before = read(made).boards[0].figures, read(made).boards[0]
    end(made, made.cells[3], "diverged")
    after = read(made).boards[0]
    assert (before.best(figure), after.best(figure)) == (8, None)


def test_long_names_lose_their_middle():
    drawn = plots.draw_dots(
        [("nonsat + r1:gamma=0.1,every=4 + r2:gamma=1", 0, summarize([1.0, 2.0]))], None, "label"
    )
    assert ">nonsat + r1:ga… + r2:gamma=1<" in drawn


def test_a_run_that_has_not_been_made_is_not_ranked(tmp_path):
    made = make(tmp_path, seeds=2)
    for cell in made.cells[:3]:
        finish(
            made, cell, {"modes": 8 - cell.seed, "reverse_kl": 0.1, "real_modes": 8, "real_reverse_kl": 0.01}
        )
    row = next(row for row in read(made).boards[0].rows if row.contender.loss == "hinge")
    assert (row.finished, row.standings["modes"].rank) == (1, 1.5)


def test_an_empty_study_has_a_report(tmp_path):
    made = read(make(tmp_path))
    assert made.states == {"not run": 6}
    assert "No run has finished yet." in markdown.render_page(made, "command")


def test_figures_near_to_reals_are_ranked_by_their_distance(tmp_path):
    made = make(tmp_path, seeds=1, losses=("nonsat", "hinge", "wgan"))
    figures = {"share": {"better": "real", "real": "real_share"}}
    for cell, share in zip(made.cells, (0.5, 0.09, 0.2), strict=True):
        finish(made, cell, {"share": share, "real_share": 0.1}, figures)
    assert [row.contender.loss for row in read(made).boards[0].rows] == ["hinge", "wgan", "nonsat"]


def test_each_run_is_a_line_with_every_score(whole):
    lines = list(csv.DictReader(io.StringIO(results.to_csv(whole.runs))))
    assert len(lines) == 6
    assert [line["reverse_kl"] for line in lines if line["loss"] == "nonsat"] == ["0.2", "0.4", "0.9"]
    assert (lines[0]["state"], lines[0]["peak_mib"], lines[0]["training_seconds"], lines[0]["penalty"]) == (
        "finished",
        "512.0",
        "20.0",
        "none",
    )


def test_diagnoses_are_told(tmp_path):
    made = make(tmp_path, seeds=1)
    for cell, records in zip(made.cells, ([NOTE], []), strict=True):
        finish(
            made,
            cell,
            {"modes": 8, "reverse_kl": 0.1, "real_modes": 8, "real_reverse_kl": 0.01},
            records=records,
        )
    expected = [("ring8", "nonsat", "mode collapse", "3 of 8 modes. Add --penalty=r1.", "0", "120")]
    assert report.tabulate_diagnoses(read(made)) == expected
    assert "mode_collapse at 120" in results.to_csv(results.read_runs(made))


def test_costs_are_medians(whole):
    """20 s of training, 90 s of processor time, 1,000 images/s, 512 MiB each."""
    assert report.tabulate_costs(whole)[0] == ("ring8", "hinge", "3 of 3", "0.3", "1.5", "1,000", "512")


def test_a_half_written_record_is_left_out(tmp_path):
    made = of_table(tmp_path, seeds=1)
    with open(made.run_dir(made.cells[0]) / "metrics.jsonl", "a") as stream:
        stream.write('{"step": 220, "sec')
    assert results.read_runs(made)[0].curves["metrics/modes"] == [(100, 4.0), (200, 8.0)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "-"),
        (8, "8"),
        (8.0, "8"),
        (0.25, "0.25"),
        (0.12345, "0.123"),
        (0.012345, "0.0123"),
        (123.456, "123.5"),
        (-1.5e-5, "-1.5e-05"),
    ],
)
def test_numbers_have_few_digits(value, expected):
    assert report.format_number(value) == expected


def test_axes_are_logarithmic_where_values_are_far_apart():
    near, far = plots.fit_axis([1.0, 20.0], 0, 100), plots.fit_axis([0.001, 1.0], 0, 100)
    assert (near.is_log, far.is_log) == (False, True)
    assert far(math.sqrt(far.low * far.high)) == pytest.approx(50)
    assert far.ticks() == pytest.approx([0.001, 0.01, 0.1, 1.0])
    assert near.ticks() == [0.0, 5.0, 10.0, 15.0, 20.0]


def test_a_dot_is_drawn_for_each_seed():
    drawn = plots.draw_dots(
        [("a", 0, summarize([1.0, 2.0, None])), ("b", 1, summarize([None]))], 0.5, "label"
    )
    assert (drawn.count("<circle"), drawn.count('class="bar"'), drawn.count('class="real"')) == (2, 1, 1)
    assert "no run finished" in drawn
