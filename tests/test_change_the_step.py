"""The examples of docs/change-the-step.md run as they stand, are short, and do what the page says."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "change-the-step.md"
SECTIONS = dict(
    re.findall(r"^## ([^\n]+)\n.*?```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.M | re.S)
)
LOGGED = {
    "A logged gradient": {"gradients/at_fakes"},
    "A second discriminator": {"loss/coarse", "loss/coarse_generator"},
    "A penalty on features, beside r1": {"penalty/r1", "penalty/FeatureR1"},
    "A path-length term on the generator's inner latents": {"loss/path_length"},
    "An encoder: ALI, BiGAN": {"loss/encoder"},
    "Two generators with a cycle: CycleGAN": {"loss/cycle"},
}


def test_every_example_is_known():
    assert set(SECTIONS) == set(LOGGED)


@pytest.mark.parametrize("title", LOGGED)
def test_an_example_runs_in_forty_lines_and_logs_its_loss(title):
    code = SECTIONS[title]
    assert len([line for line in code.splitlines() if line.strip()]) <= 40
    scope = {}
    exec(compile(code, title, "exec"), scope)
    gan = scope["gan"]
    logs = gan.get_metrics_result()
    assert LOGGED[title] <= set(logs)
    assert all(np.isfinite(value) for value in logs.values())
    assert int(gan.state.step.numpy()) == 2
    # Its G takes images besides latents, which held-out scores do not hand on
    if title != "An encoder: ALI, BiGAN":
        real = np.random.default_rng(0).uniform(-1, 1, (4, *gan.example_shape)).astype(np.float32)
        held_out = gan.evaluate(real, verbose=0, return_dict=True)
        assert all(np.isfinite(value) for value in held_out.values())
        assert LOGGED[title] - {tag for tag in LOGGED[title] if tag.startswith("penalty/")} <= set(held_out)


def test_every_network_of_an_example_learns():
    """A step moves every trainable weight of both mappings, of both discriminators and of the encoder."""
    for title in ("An encoder: ALI, BiGAN", "Two generators with a cycle: CycleGAN"):
        code = SECTIONS[title]
        scope = {}
        exec(compile(code.rpartition("gan.fit")[0], title, "exec"), scope)
        gan = scope["gan"]
        before = [
            np.array(weight)
            for weight in gan.generator.trainable_variables + gan.discriminator.trainable_variables
        ]
        exec("gan.fit" + code.rpartition("gan.fit")[2], scope)
        after = gan.generator.trainable_variables + gan.discriminator.trainable_variables
        assert all(np.any(old != np.array(new)) for old, new in zip(before, after, strict=True))
