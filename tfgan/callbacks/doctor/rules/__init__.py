"""The doctor's rules, which recognize failures in the signals; one file per failure."""
