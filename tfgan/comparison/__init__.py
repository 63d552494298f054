"""Objectives compared: cells of a study, how they are run, and the report on them."""
