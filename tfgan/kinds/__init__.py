"""Kinds of data: units, default networks and metrics, previews and outputs."""
