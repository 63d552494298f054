"""Save, restore and export a GAN through Keras's configs and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tfgan import kinds


class Saving:
    """The part of `tfgan.GAN` that serializes it: `.keras` files, configs, and exports of the averaged generator."""

    def get_config(self) -> dict[str, Any]:
        """Return both networks, the seed, the pack size, the kind of data and the name, serialized."""
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "seed": self.seed,
            "pack": self.pack,
            "kind": kinds.to_json(self.kind),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects=None) -> Saving:
        """Build a model from a config of `get_config`."""
        networks = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects=custom_objects)
            for key in ("generator", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile`, serialized."""
        if not self.compiled:
            return None
        serialize = keras.saving.serialize_keras_object
        return {
            "loss": serialize(self.loss),
            "penalties": [serialize(penalty) for penalty in self.penalties.values()],
            "augment": self.criterion.augment and serialize(self.criterion.augment),
            "g_optimizer": serialize(self.g_optimizer),
            "d_optimizer": serialize(self.d_optimizer),
            "d_steps": self.d_steps,
            "schedule": self.schedule,
            "micro_batch": self.micro_batch,
            "sync_batch_norm": self.sync_batch_norm,
            "ema_half_life": serialize(self.ema_half_life),
            "post_hoc_ema": self.power_averages is not None,
            "eval_metrics": list(self.held_out.metrics.names),
            "jit_compile": self.xla,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile with the arguments from `get_compile_config`."""
        self.compile(
            **{**config, "ema_half_life": keras.saving.deserialize_keras_object(config["ema_half_life"])}
        )

    def save(self, filepath, *args, **kwargs) -> None:
        """Save networks, optimizers, step and the arguments of `compile` in a `.keras` file.

        `tfgan.load` and, once tfgan is imported, `keras.models.load_model` read it.

        Args:
            filepath: path that ends in `.keras`.
            *args: as for `keras.Model.save`.
            **kwargs: as for `keras.Model.save`.

        Raises:
            ValueError: a `.h5` file, which cannot hold a model with two optimizers.
        """
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                f"filepath: expected a name that ends in .keras, since .h5 holds no model of two optimizers, got {str(filepath)!r}; "
                "gan.save_weights('x.weights.h5') saves weights alone"
            )
        super().save(filepath, *args, **kwargs)

    def export(self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs) -> None:
        """Export the averaged generator, like `keras.Model.export`: latents (n, latent_dim) to examples.

        `tfgan.export.save(gan, path)` writes a SavedModel with more signatures: examples and PNGs by seed,
        and D's score.

        Args:
            filepath: file or folder to write.
            format: "tf_saved_model", "onnx", "litert" or another that Keras knows.
            verbose: as for `keras.Model.export`.
            input_signature: signature of the inputs; None for the generator's own.
            **kwargs: options of the format.

        Example:
            >>> gan.export("exported/generator")
            >>> exported = tf.saved_model.load("exported/generator")
            >>> images = exported.serve(tf.random.normal((16, gan.latent_dim)))
        """
        self.ema_generator.export(filepath, format, verbose, input_signature, **kwargs)
