"""Measures what a run costs and how fast its parts are, each figure against its limit: `make bench`."""
