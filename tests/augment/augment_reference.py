"""Each augmentation of one image in float64, written from the papers' formulas with matrices and loops, and not from the code."""

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

LUMA = np.ones(3) / np.sqrt(3)


def diffaugment(x, uniform, *, color=True, translation=True, cutout=True):
    """uniform: of one image, by name."""
    height, width, _ = x.shape
    if color:
        x = x + uniform["brightness"] - 0.5
        gray = x.mean(axis=2, keepdims=True)
        x = (x - gray) * 2 * uniform["saturation"] + gray
        x = (x - x.mean()) * (0.5 + uniform["contrast"]) + x.mean()
    if translation:
        most = {k: int(side * 0.125 + 0.5) for k, side in (("y", height), ("x", width))}
        down, right = (int(uniform[f"shift_{k}"] * (2 * most[k] + 1)) - most[k] for k in "yx")
        moved = np.zeros_like(x)
        for row in range(height):
            for column in range(width):
                if 0 <= row + down < height and 0 <= column + right < width:
                    moved[row, column] = x[row + down, column + right]
        x = moved
    if cutout:
        x = x.copy()
        starts = []
        for k, side in (("y", height), ("x", width)):
            size = int(side * 0.5 + 0.5)
            places = side + 1 if size % 2 == 0 else side
            starts.append((int(uniform[f"cut_{k}"] * places) - size // 2, size))
        (top, tall), (left, wide) = starts
        x[max(top, 0) : max(top + tall, 0), max(left, 0) : max(left + wide, 0)] = 0
    return x


def translate(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def turn(angle):
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


def colors(matrix, offset=0.0):
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = matrix, offset
    return whole


def ada(x, gates, uniform, normal, p, *, blit=True, geometry=True, color=True):
    """gates, uniform, normal: of one image, by name. Changes are collected in one matrix each, the last to the left."""
    height, width, channels = x.shape
    either = 1 - np.sqrt(1 - p)
    space, hues = [], []
    if blit and gates["xflip"] < p:
        space.append(np.diag([1 - 2 * int(2 * uniform["xflip"]), 1, 1]))
    if blit and gates["rotate90"] < p:
        space.append(turn(-np.pi / 2 * int(4 * uniform["rotate90"])))
    if blit and gates["xint"] < p:
        x_share, y_share = (uniform[f"xint_{side}"] / 4 - 1 / 8 for side in "xy")
        space.append(translate(round(x_share * width), round(y_share * height)))
    if geometry and gates["scale"] < p:
        s = 2 ** (0.2 * normal["scale"])
        space.append(np.diag([s, s, 1]))
    if geometry and gates["pre_rotate"] < either:
        space.append(turn(-np.pi * (2 * uniform["pre_rotate"] - 1)))
    if geometry and gates["aniso"] < p:
        s = 2 ** (0.2 * normal["aniso"])
        space.append(np.diag([s, 1 / s, 1]))
    if geometry and gates["post_rotate"] < either:
        space.append(turn(-np.pi * (2 * uniform["post_rotate"] - 1)))
    if geometry and gates["xfrac"] < p:
        space.append(translate(0.125 * normal["xfrac_x"] * width, 0.125 * normal["xfrac_y"] * height))
    if color and gates["brightness"] < p:
        hues.append(colors(np.eye(3), 0.2 * normal["brightness"]))
    if color and gates["contrast"] < p:
        hues.append(colors(np.eye(3) * 2 ** (0.5 * normal["contrast"])))
    if color and gates["lumaflip"] < p:
        hues.append(colors(np.eye(3) - 2 * int(2 * uniform["lumaflip"]) * np.outer(LUMA, LUMA)))
    if color and channels == 3 and gates["hue"] < p:
        hues.append(colors(Rotation.from_rotvec(LUMA * np.pi * (2 * uniform["hue"] - 1)).as_matrix()))
    if color and channels == 3 and gates["saturation"] < p:
        hues.append(
            colors(np.outer(LUMA, LUMA) + (np.eye(3) - np.outer(LUMA, LUMA)) * 2 ** normal["saturation"])
        )
    return recolored(seen_through(x, space), hues)


def seen_through(x, steps):
    """Bilinear, reflected without repeating the border: scipy's order 1 and "mirror"."""
    if not steps:
        return x
    height, width, channels = x.shape
    forward = np.eye(3)
    for step in steps:
        forward = step @ forward
    rows, columns = np.mgrid[:height, :width]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    out = np.stack([columns.ravel() - middle[0], rows.ravel() - middle[1], np.ones(rows.size)])
    column, row = (np.linalg.inv(forward) @ out)[:2] + middle[:, None]
    planes = [map_coordinates(x[..., c], [row, column], order=1, mode="mirror") for c in range(channels)]
    return np.stack(planes, axis=-1).reshape(x.shape)


def recolored(x, steps):
    """Gray images see the mean of what red, green and blue become (the authors' code)."""
    whole = np.eye(4)
    for step in steps:
        whole = step @ whole
    if x.shape[2] == 3:
        return x @ whole[:3, :3].T + whole[:3, 3]
    gray = whole[:3].mean(axis=0)
    return x * gray[:3].sum() + gray[3]
