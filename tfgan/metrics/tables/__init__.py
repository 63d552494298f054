"""Metrics of tables: they compare cells, float64 (n, columns)."""
