"""The ground: registries, options, noise, files and images."""
