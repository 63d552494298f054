"""One run: a frozen config, the objects built from it, its folder, and how it is trained and rolled back."""
