"""Read a data set from pictures in a folder."""

from __future__ import annotations

import functools
import hashlib
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from tfgan.core import files
from tfgan.data.images import FORMAT_NAMES, Header, crop_square, decode, read_header, with_channels
from tfgan.data.listing import Listing, list_pictures
from tfgan.data.source import FiniteSource, Request, in_memory, split, streamed

END = 4096  # bytes of either end of a file that are part of the fingerprint
WAY_OUT = "replace it, or let others take its place with --skip_unreadable"


def folder(request: Request) -> FiniteSource:
    """Open the PNG, JPEG, WebP, BMP and TIFF pictures below a folder; its sub-folders, if any, are the classes.

    Gray if all are gray, else color. Pictures must share one size, unless `image_size` brings them to one.
    They are turned as EXIF asks, transparent pixels are laid on `background`, and 16 bits are scaled to 8;
    the source's `note` counts all that.

    With `skip_unreadable`, the next readable picture of the same class takes the place of one that cannot be
    decoded, so that all others keep theirs: training examples are replaced by training examples, held-out
    ones by held-out ones.

    Raises:
        ValueError: no such folder, no pictures in it, a damaged picture, mixed sizes; the message names the
            file.
    """
    root = files.expand_home(request.path)
    if not root.is_dir():
        raise ValueError(f"--dataset: expected a folder of pictures, got {root}, which is none")
    listing = list_pictures(root)
    if not listing.paths:
        raise ValueError(
            f"--dataset: expected {FORMAT_NAMES} pictures in {root}, got none{listing.describe_passed_over('; ')}"
        )
    pictures = _Pictures(root, listing, request)
    names = listing.class_names
    note = "; ".join([listing.describe(), *pictures.describe()])
    about = {"class_names": names, "num_classes": len(names or ()), "note": note}
    fingerprint = functools.partial(_compute_fingerprint, root, listing.paths, pictures)
    about |= {
        "fingerprint": fingerprint(),
        "earlier_fingerprints": (_compute_legacy_fingerprint(root, listing.paths, pictures),),
    }
    count = len(listing.paths)
    if count * int(np.prod(pictures.shape)) <= request.memory_budget:
        images, _ = pictures.read(np.arange(count))
        return in_memory(f"folder:{root}", images, listing.labels if names else None, **about)
    about |= {"refingerprint": fingerprint, "unreadable": pictures.unreadable}
    return streamed(f"folder:{root}", pictures.shape, count, pictures.read, **about)


def _compute_fingerprint(
    root: Path, paths: Sequence[Path], pictures: _Pictures, excused: Collection[str] = ()
) -> str:
    """Return a fingerprint of pictures that does not depend on their folder.

    It covers the names, the sizes and both ends of the files. A PNG ends with a checksum of its pixels; a
    change inside a JPEG or WebP picture shifts the bytes behind it. An excused picture may have any content.
    """
    names = [str(path.relative_to(root)) for path in paths]
    lengths = [
        None if name in excused else path.stat().st_size for name, path in zip(names, paths, strict=True)
    ]
    digest = hashlib.sha256(repr((names, lengths, pictures.shape, pictures.changes)).encode())
    for path, length in zip(paths, lengths, strict=True):
        if length is None:
            continue
        with open(path, "rb") as file:
            digest.update(file.read(END))
            file.seek(max(END, length - END))
            digest.update(file.read(END))
    return digest.hexdigest()[:16]


def _compute_legacy_fingerprint(root: Path, paths: Sequence[Path], pictures: _Pictures) -> str:
    """Return the fingerprint of earlier versions for streamed pictures.

    It covers names and sizes of the files.
    """
    listing = [(str(path.relative_to(root)), path.stat().st_size) for path in paths]
    return hashlib.sha256((repr(listing) + pictures.changes).encode()).hexdigest()[:16]


class _Pictures:
    """Read the pictures of a folder by number.

    Args:
        root: the folder.
        listing: at least one picture.
        request: options of the data set.

    Raises:
        ValueError: a damaged header without `skip_unreadable`, or pictures of several sizes without
            `image_size`.
    """

    def __init__(self, root: Path, listing: Listing, request: Request):
        self.unreadable: set[str] = set()
        self._root, self._paths, self._labels = root, listing.paths, listing.labels
        self._request = request
        self._substitutes: dict[int, int] = {}
        headers = [self._read_header(path) for path in self._paths]
        known = [one for one in headers if one is not None]
        if not known:
            raise ValueError(
                f"--skip_unreadable: expected a readable picture, got none among {len(headers)}, such as {self._paths[0]}"
            )
        channels = 1 if all(one.is_grey for one in known) else 3
        self.shape = (*self._choose_size(headers), channels)
        self._substituted = {
            f"unreadable, replaced by others{' of their class' * bool(listing.class_names)}": len(headers)
            - len(known),
        }
        self._changed = {
            "turned as EXIF asks": sum(one.is_turned for one in known),
            f"with transparency, laid on {request.background} (--background)": sum(
                one.is_transparent for one in known
            ),
            "of 16 bits, scaled to 8": sum(one.is_deep for one in known),
        }
        self._cut = {"of several pages; the first is read": sum(one.has_pages for one in known)}

    def describe(self) -> list[str]:
        """Return the number of pictures for each kind of change, as texts."""
        return [
            f"{count} {change}"
            for change, count in {**self._substituted, **self._changed, **self._cut}.items()
            if count
        ]

    @property
    def changes(self) -> str:
        """Counts of pictures whose pixels are changed at reading, as text for fingerprints.

        "" if there are none.
        """
        return repr(tuple(self._changed.values())) if any(self._changed.values()) else ""

    def read(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return uint8 images (n, height, width, channels) and int32 labels (n,)."""
        images = np.empty((len(indices), *self.shape), np.uint8)
        for image, index in zip(images, indices, strict=True):
            image[:] = self._read_pixels(int(index))
        return images, self._labels[indices]

    def _read_header(self, path: Path) -> Header | None:
        """Return a picture's header; None if it cannot be read and unreadable pictures are skipped."""
        try:
            return read_header(path)
        except ValueError as error:
            if self._request.skip_unreadable:
                return None
            raise ValueError(f"{error}; {WAY_OUT}") from None

    def _choose_size(self, headers: list[Header | None]) -> tuple[int, int]:
        if side := self._request.image_size:
            return side, side
        first, *others = [
            (path, one) for path, one in zip(self._paths, headers, strict=True) if one is not None
        ]
        height, width = first[1][:2]
        for path, one in others:
            if one[:2] != (height, width):
                sizes = f"{first[0]} has {height}x{width} pixels and {path} {one.height}x{one.width}"
                raise ValueError(f"--image_size: {sizes}; choose a common size")
        return height, width

    def _read_pixels(self, index: int) -> np.ndarray:
        if index in self._substitutes:
            return self._decode(self._substitutes[index])
        try:
            return self._decode(index)
        except ValueError as error:
            self.unreadable.add(str(self._paths[index].relative_to(self._root)))
            if not self._request.skip_unreadable:
                raise ValueError(f"{error}; {WAY_OUT}") from None
            return self._substitute(index, str(error))

    def _decode(self, index: int) -> np.ndarray:
        path, side = self._paths[index], self._request.image_size
        pixels = decode(path, self._request.background)
        pixels = crop_square(pixels, side) if side else pixels
        if pixels.shape[:2] != self.shape[:2] or pixels.shape[-1] > self.shape[-1]:
            expected = f"{self.shape} (height, width, channels), as at the opening of the data set"
            raise ValueError(f"{path}: expected a picture of {expected}, got {pixels.shape}")
        return with_channels(pixels, self.shape[-1])

    def _substitute(self, index: int, reason: str) -> np.ndarray:
        """Return the pixels of the next readable picture of the same class, on the same side of the split."""
        (side,) = [part for part in split(len(self._paths)) if index in part]
        peers = np.sort(side[self._labels[side] == self._labels[index]])
        place = int(np.searchsorted(peers, index))
        for other in map(int, np.roll(peers, -place)[1:]):
            try:
                pixels = self._decode(other)
            except ValueError:
                continue
            self._substitutes[index] = other
            warnings.warn(f"{reason}; {self._paths[other]} takes its place (--skip_unreadable)", stacklevel=2)
            return pixels
        raise ValueError(f"{reason}; --skip_unreadable found no other of its class to take its place")
