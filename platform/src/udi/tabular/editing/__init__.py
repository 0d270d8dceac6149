"""Rows of a small table changed where they stand: what nobody changes keeps its bytes."""
