"""Columns and their types: how values are recognised, cast and counted where they do not fit."""
