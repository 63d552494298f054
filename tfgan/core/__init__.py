"""Code that every other folder may import: registries, options, noise, files and images."""
