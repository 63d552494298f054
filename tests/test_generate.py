"""`generate` makes any number of samples in memory that does not grow with it."""

import numpy as np
import pytest
from PIL import Image

from tfgan import generate
from tfgan.cli import command
from tfgan.core import images
from tfgan.evaluation import sampler as sampler_lib


def counting(sampler):
    """A sampler's `generate` that notes how many latents it is given at a time."""
    made, inner = [], sampler._generate

    def generate(latents, *rows):
        made.append(len(latents))
        return inner(latents, *rows)

    sampler._generate = generate
    return made


def run(target, out, **flags):
    return generate.main(generate.GenerateFlags(saved_model=str(target), out=str(out), **flags))


@pytest.mark.parametrize("flags", [{}, {"condition": "projection"}, {"dataset": "ring8"}], ids=str)
def test_batches_make_the_same_samples(flags, exported):
    """To a rounding: kernels may add in another order at another batch size."""
    sampler = sampler_lib.from_saved_model(exported(**flags)[2])[0]
    made = counting(sampler)
    parts = [*sampler.batches_by_seed(np.arange(-3, 4), batch=3)]
    assert made == [3, 3, 1]
    np.testing.assert_allclose(np.concatenate(parts), sampler.by_seed(np.arange(-3, 4)), atol=1e-6)


def test_files_are_written_a_batch_at_a_time(exported, tmp_path, monkeypatch):
    """No array of all samples is made: what reaches the writer has at most `--batch` rows."""
    seen = []
    rows = sampler_lib.Sampler._generate_rows
    monkeypatch.setattr(
        sampler_lib.Sampler,
        "_generate_rows",
        lambda self, *arguments: seen.append(rows(self, *arguments)) or seen[-1],
    )
    for name in ("a.npz", "a.png"):
        seen.clear()
        assert run(exported()[2], tmp_path / name, seeds="0-9", batch=4) == 0
        assert [len(part) for part in seen] == [4, 4, 2]


def test_npz_holds_samples_and_seeds(exported, tmp_path):
    target = exported()[2]
    assert run(target, tmp_path / "a.npz", seeds="-2-4", batch=3) == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert set(file) == {"images", "seeds"}
        assert file["images"].dtype == np.float32
        np.testing.assert_array_equal(file["seeds"], np.arange(-2, 5))
        np.testing.assert_allclose(
            file["images"], sampler_lib.from_saved_model(target)[0].by_seed(np.arange(-2, 5)), atol=1e-6
        )


def test_png_is_the_grid_of_all_samples(exported, tmp_path):
    target = exported()[2]
    assert run(target, tmp_path / "a.png", seeds="0-6", batch=3) == 0
    whole = images.tile_grid(sampler_lib.from_saved_model(target)[0].by_seed(np.arange(7)))
    assert np.abs(np.asarray(Image.open(tmp_path / "a.png")).astype(int) - whole[..., 0]).max() <= 1


def test_points_are_one_scatter_plot(exported, tmp_path):
    assert run(exported(dataset="ring8")[2], tmp_path / "a.png", seeds="0-6", batch=3) == 0
    assert Image.open(tmp_path / "a.png").size == (512, 512)


def test_a_grid_beyond_memory_is_refused_in_one_line(exported, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images, "LARGEST_GRID", 1000)
    with pytest.raises(SystemExit) as status:
        run(exported()[2], tmp_path / "a.png", seeds="0-63")
    assert status.value.code == command.BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: --out: expected a grid of at most 1000 bytes")
    assert not (tmp_path / "a.png").exists()


def test_negative_seeds_are_drawn(exported, tmp_path):
    assert run(exported()[2], tmp_path / "a.npz", seeds="-5--4") == 0
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["seeds"], [-5, -4])


def test_a_sampler_refuses_seeds_that_are_no_whole_numbers(exported):
    with pytest.raises(
        ValueError, match=r"seeds: expected whole numbers of int64.*; use tf.cast\(seeds, tf.int64\)"
    ):
        sampler_lib.from_saved_model(exported()[2])[0].by_seed(np.array([1.5]))
