"""docs/metrics.md says of every metric what the code says."""

from pathlib import Path

import pytest

from tfgan import metrics

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("\n### ")[1:]}


def test_page_has_a_section_for_each_metric():
    assert set(SECTIONS) == set(metrics.names())


@pytest.mark.parametrize("name", metrics.names())
def test_section_states_bias_and_floor(name):
    section = " ".join(SECTIONS[name].split())
    assert f"**Bias:** {metrics.get(name).bias}" in section
    assert "**Floor:**" in section
    assert "**Source:**" in section


@pytest.mark.parametrize("name", metrics.names())
def test_row_states_figures_number_and_options(name):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| [`{name}`]")]
    metric = metrics.get(name)
    number = metric.default_samples
    assert all(f"`{value}`" in row for value in metric.values)
    assert f"| {metrics.Protocol('x', number).name().removeprefix('x_')} |" in row
    assert all(f"`{option}={value}`" in row for option, value in metric.get_config().items())
