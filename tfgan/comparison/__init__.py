"""Compare objectives: define a study, train its runs, and report the results."""
