"""Code that all commands share: flags, help, one-line errors and recipes."""
