"""Train D and G: the losses, gradients and state of a training step."""
