"""Run an exported model in a Session, as TensorFlow Serving and the C, C++, Go, Java and Rust APIs do."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from tfgan.core import noise


@contextlib.contextmanager
def session(path: str | Path) -> Iterator[Callable[..., dict[str, np.ndarray]]]:
    """Yield a function of a signature's name and its inputs by name; it returns the outputs by name."""
    with tf.compat.v1.Session(graph=tf.Graph()) as opened:
        signatures = tf.compat.v1.saved_model.load(opened, ["serve"], str(path)).signature_def

        def run(name: str, **inputs) -> dict[str, np.ndarray]:
            signature = signatures[name]
            feeds = {signature.inputs[key].name: np.asarray(value) for key, value in inputs.items()}
            return opened.run({key: output.name for key, output in signature.outputs.items()}, feeds)

        run.signatures = {name: signature for name, signature in signatures.items() if signature.inputs}
        yield run


def calls(gan, kind, seeds: np.ndarray) -> dict[str, tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """Return inputs and expected outputs of each signature, as the model in Python makes them."""
    seeds = np.asarray(seeds, np.int64)
    latents = noise.normal_by_seed(tf.constant(seeds), gan.latent_dim)
    rows = None if gan.condition is None else gan.condition.by_seed(tf.constant(seeds))
    given = {} if rows is None else {gan.condition.name: rows.numpy()}
    made = kind.decode(gan.generate(latents, rows).numpy())
    are_images = made.ndim == 4
    output = "images" if are_images else "samples"
    sampled = np.clip(np.rint((made + 1) * 127.5), 0, 255).astype(np.uint8) if are_images else made
    found = {
        "serving_default": ({"latents": latents.numpy(), **given}, {output: made}),
        "sample": ({"seeds": seeds, **given}, {output: sampled}),
    }
    if are_images:
        found["sample_png"] = ({"seeds": seeds, **given}, {"image_bytes": sampled})  # decoded
    x = np.random.default_rng(0).uniform(-1, 1, made.shape).astype(np.float32)
    training_x = kind.encode(x)
    if gan.has_score:
        logits = gan.score(training_x, rows if gan.discriminator_inputs else None).numpy()
        found["score"] = (
            {output: x, **(given if gan.discriminator_inputs else {})},
            {"logits": logits.reshape(len(x), -1)},
        )
    if hasattr(gan, "recover"):
        found["recover"] = ({output: x}, {"codes": gan.recover(training_x).numpy()})
    if hasattr(gan, "classify"):
        probabilities = gan.classify(training_x).numpy()
        found["classify"] = (
            {output: x},
            {"probabilities": probabilities, "labels": probabilities.argmax(axis=1)},
        )
    return found


def assert_session_equals(
    path: str | Path, expected: dict[str, tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]
) -> None:
    """Assert that all signatures run in a Session, and give images bit for bit, points and logits to a rounding of their division."""
    with session(path) as run:
        assert set(run.signatures) == set(expected)
        for name, (inputs, outputs) in expected.items():
            found = run(name, **inputs)
            if name == "sample_png":
                found = {
                    "image_bytes": [np.asarray(Image.open(io.BytesIO(png))) for png in found["image_bytes"]]
                }
                outputs = {"image_bytes": outputs["image_bytes"][..., 0]}
            assert set(found) == set(outputs), name
            for key, value in outputs.items():
                if "samples" in inputs:  # XLA-free graphs multiply by 1 / scale where NumPy divides
                    np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-6, err_msg=name)
                else:
                    np.testing.assert_array_equal(found[key], value, err_msg=name)
