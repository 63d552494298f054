"""Pairing like with like: which fake stands beside which real."""

from keras import ops


def same_label_pairs(real_labels, fake_labels):
    """Return, for each real, a fake of the same label, so that `paired` compares within a class.

    The k-th real of a label gets the k-th fake of that label. Fakes made from the reals' own labels need none of this:
    they are paired already.

    Args:
        real_labels: integer tensor of shape (n,).
        fake_labels: integer tensor of shape (m,).

    Returns:
        indices: int32 tensor of shape (n,), into the fakes; 0 where no fake is left.
        found: bool tensor of shape (n,), the `sample_weight` that leaves reals without a fake out.

    Example:
        >>> indices, found = same_label_pairs(real_labels, fake_labels)
        >>> loss.discriminator(real_logits, keras.ops.take(fake_logits, indices, axis=0), sample_weight=found)
    """
    real_labels, fake_labels = ops.convert_to_tensor(real_labels), ops.convert_to_tensor(fake_labels)
    same = real_labels[:, None] == fake_labels[None, :]
    pairs = ops.logical_and(same, _occurrence(real_labels)[:, None] == _occurrence(fake_labels)[None, :])
    return ops.argmax(ops.cast(pairs, "int32"), axis=1), ops.any(pairs, axis=1)


def _occurrence(labels):
    """Return how many earlier entries equal each entry."""
    same = ops.cast(labels[:, None] == labels[None, :], "int32")
    return ops.sum(ops.tril(same, k=-1), axis=1)
