"""Tests of `udi.tabular` alone."""
