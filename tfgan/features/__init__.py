"""Feature extractors by name: metrics compare their outputs instead of pixels."""

from typing import Any

from tfgan.core.registry import Registry
from tfgan.features._catalogue import FEATURES

__all__ = ["extractors", "get", "names", "register"]

extractors = Registry("features", FEATURES, takes_path=("model",))
names, register = extractors.names, extractors.register


def get(identifier: Any, **options: Any) -> Any:
    """Return the extractor of a name, such as "fashion_cnn", "inception:weights=PATH" or "model:PATH".

    Args:
        identifier: a name. A text with a `/` before any `:`, or that ends in `.keras`, is the path of a
            model: "nets/a.keras" is short for "model:nets/a.keras".
        **options: constructor arguments; they override the options of the name.

    Raises:
        ValueError: an unknown name or option, or weights with an unexpected SHA-256.
        OSError: a file that is not there.
    """
    if isinstance(identifier, str):
        head = identifier.partition(":")[0]
        if head not in names() and ("/" in head or head.endswith(".keras")):
            identifier = f"model:{identifier}"
    return extractors.get(identifier, **options)
