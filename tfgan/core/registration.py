"""Make the classes of this package known to Keras without importing them.

`keras.models.load_model` finds a class by its registered name, such as "tfgan>GAN", which a module registers
when it is imported. Until then a stand-in is registered under that name: when Keras asks it to build an
object, it imports the modules first.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from typing import Any

PACKAGE = "tfgan"
# Models, layers and optimizers that a `.keras` file may contain. A test compares them with the modules.
MODELS = ("GAN", "ConditionalGAN", "ACGAN", "InfoGAN", "SemiSupervisedGAN", "AutoencodingGAN")
CLASSES = (
    *(*MODELS, "TrainingState", "Adam", "Held", "LoneGenerator", "EulerSteps"),
    *(
        "ClipAtInference",
        "ConditionalBatchNorm",
        "Downsample",
        "FourierFeatures",
        "FrozenFeatures",
        "GroupedConv2D",
        "LeakyReLU",
        "LearnedMap",
    ),
    *(
        "LearnedPooling",
        "LearnedPrior",
        "Maxout",
        "MinibatchDeviation",
        "NearestUpsample",
        "RandomMixing",
        "Resize",
        "SelfAttention",
        "Spans",
        "SpectralNorm",
        "Upsample",
    ),
)


def import_classes() -> None:
    """Import every class of this package that Keras may have to build."""
    losses, penalties, augment, methods = (
        importlib.import_module(f"{PACKAGE}.{name}") for name in ("losses", "penalties", "augment", "methods")
    )
    registries = (
        losses.links,
        losses.objectives,
        penalties.penalties,
        augment.augmentations,
        methods.methods,
    )
    for registry in registries:
        registry.load_all()
    for name in ("models", "training.adam", "training.schedules", "layers", "methods.lone_generator"):
        importlib.import_module(f"{PACKAGE}.{name}")


def announce() -> None:
    """Register the stand-ins now if Keras is imported already, else as soon as it is."""
    if "keras" in sys.modules:
        _register(sys.modules["keras"])
    else:
        sys.meta_path.insert(0, _KerasFinder())


def _register(keras) -> None:
    known = keras.saving.get_custom_objects()
    for name in CLASSES:
        known.setdefault(f"{PACKAGE}>{name}", _build_stand_in(name, known))


def _build_stand_in(name: str, known: dict[str, Any]) -> type:
    """Return a class whose `from_config` imports the real class, which registers itself, and builds it."""

    def from_config(cls, config, *args, **kwargs):
        import_classes()
        return known[f"{PACKAGE}>{name}"].from_config(config, *args, **kwargs)

    return type(name, (), {"from_config": classmethod(from_config), "__module__": PACKAGE})


class _KerasFinder(importlib.abc.MetaPathFinder):
    """Let the other finders find Keras, once, and register the stand-ins when its import has ended."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_register(module) -> None:
                execute(module)
                _register(module)

            spec.loader.exec_module = execute_and_register
        return spec
