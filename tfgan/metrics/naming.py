"""Names that say how a figure was made: `kid_2k/fashion_cnn`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator

from tfgan.core.registry import Registry

NUMBER = re.compile(r"(?P<metric>.+)_(?P<number>[1-9]\d*)(?P<thousands>k?)$")
OPTION = re.compile(r"\s*\w+=")
FILE = re.compile(r"[:,]file=[^,]*")  # the slashes of a path begin no features


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A metric with its number of samples and its features.

    Its text is METRIC[_NUMBER][:OPTION=VALUE,...][/FEATURES], as in `fid_10k/fashion_cnn`,
    `precision_recall_5000:k=5/pixels`, `w2` or `modes`.

    Attributes:
        metric: a name in the catalogue.
        num_samples: generated samples, and as many reals; None for the metric's own number.
        options: the metric's, as text, or empty.
        features: the extractor's name, "pixels" or "encoded"; None where the metric reads the samples themselves.
    """

    metric: str
    num_samples: int | None = None
    options: str = ""
    features: str | None = None

    @property
    def spec(self) -> str:
        """The metric with its options, as its registry reads it."""
        return f"{self.metric}:{self.options}" if self.options else self.metric

    def name(self, value: str | None = None) -> str:
        """Return the name of one figure, `recall_2k/fashion_cnn`, or without `value` the name of the whole metric."""
        number = "" if self.num_samples is None else f"_{format_count(self.num_samples)}"
        options = f":{self.options}" if self.options else ""
        return f"{value or self.metric}{number}{options}" + (f"/{self.features}" if self.features else "")


def parse(text: str, metrics: Registry) -> Protocol:
    """Read a name.

    Args:
        text: such as "kid_2k/fashion_cnn".
        metrics: the registry of metrics.

    Raises:
        ValueError: an unknown metric or option, or a name that is cut short.
    """
    text = text.strip()
    path = FILE.search(text)
    start = path.end() if path else 0
    rest, slash, features = text[start:].partition("/")
    head = text[:start] + rest
    name, _, options = head.partition(":")
    number = None
    if name not in metrics.names() and (match := NUMBER.match(name)):
        name, number = match["metric"], int(match["number"]) * (1000 if match["thousands"] else 1)
    if slash and not features:
        raise ValueError(f"metric {text!r}: expected the features' name after '/', as in kid_2k/fashion_cnn")
    protocol = Protocol(name, number, options, features or None)
    metrics.parse(protocol.spec)
    return protocol


def split(texts: Iterable[str]) -> Iterator[str]:
    """Yield the names in comma-separated texts; a comma between options separates no names."""
    for text in texts:
        open_name = ""
        for part in text.split(","):
            if open_name and OPTION.match(part):
                open_name += f",{part}"
                continue
            if open_name:
                yield open_name
            open_name = part.strip()
        if open_name:
            yield open_name


def format_count(count: int) -> str:
    """Return 2000 as "2k" and 2500 as "2500"."""
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)
