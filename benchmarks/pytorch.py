"""The 28x28 DCGAN and its step in PyTorch, eager; `pip install torch` first.

Import this file before TensorFlow: PyTorch 2.14 crashes if the part that its optimizers need is imported later.
"""

import contextlib
import sys

if "tensorflow" not in sys.modules:
    with contextlib.suppress(ModuleNotFoundError):
        import torch._dynamo  # noqa: F401

LATENT, WIDTH, RATE, BETAS = 64, 64, 2e-4, (0.5, 0.999)


def imported(threads=2):
    """Return torch, set to so many threads; torch is imported in this file alone, so that the others can be read without it."""
    import torch

    torch.set_num_threads(threads)
    return torch


def networks(width=WIDTH, discriminator_norm=True):
    """Return G and D, layer by layer those of `tfgan.networks.get("dcgan", image_shape=(28, 28, 1), latent_dim=64)`."""
    nn = imported().nn
    generator = nn.Sequential(
        nn.Linear(LATENT, 7 * 7 * 2 * width, bias=False),
        nn.Unflatten(1, (2 * width, 7, 7)),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.ConvTranspose2d(width, 1, 4, 2, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=not discriminator_norm),
        *([nn.BatchNorm2d(2 * width)] if discriminator_norm else []),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(7 * 7 * 2 * width, 1),
    )
    return generator, discriminator


def adam(network, rate=RATE, betas=BETAS):
    """Return Adam over a network's weights."""
    return imported().optim.Adam(network.parameters(), rate, betas)


def stepper(real, steps, width=WIDTH, penalized=False):
    """Return a function that takes `steps` steps of `nonsat`, D's update first, G's on the same fakes.

    Written to be fast: one pass of G a step, r1 and r2 on the passes of the loss, no gradient in D's weights
    for G.

    Args:
        real: float32 NumPy batches (batches, n, 28, 28, 1).
        steps: of one call.
        width: of both networks.
        penalized: whether D, then without batch normalization, pays r1 and r2 of gamma 1 in every step.
    """
    torch = imported()
    softplus = torch.nn.functional.softplus
    g, d = networks(width, discriminator_norm=not penalized)
    g_optimizer, d_optimizer = adam(g), adam(d)
    images = torch.from_numpy(real.transpose(0, 1, 4, 2, 3).copy())
    counter = iter(range(2**62))

    def discriminator_loss(batch, fake):
        places = [batch.requires_grad_(penalized), fake.requires_grad_(penalized)]
        real_logits, fake_logits = map(d, places)
        loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        if penalized:
            slopes = torch.autograd.grad([real_logits.sum(), fake_logits.sum()], places, create_graph=True)
            loss = loss + sum(0.5 * slope.square().sum((1, 2, 3)).mean() for slope in slopes)
        return loss

    def step(batch):
        fake = g(torch.randn(len(batch), LATENT))
        d_optimizer.zero_grad(set_to_none=True)
        discriminator_loss(batch, fake.detach()).backward(inputs=list(d.parameters()))
        d_optimizer.step()
        g_optimizer.zero_grad(set_to_none=True)
        softplus(-d(fake)).mean().backward(inputs=list(g.parameters()))
        g_optimizer.step()

    def run():
        for _ in range(steps):
            step(images[next(counter) % len(images)].detach())

    return run
