"""Everything that the commands share: flags, help, one-line errors, recipes."""
