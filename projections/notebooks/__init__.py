"""Notebooks on the views, to open in Jupyter: a test executes each on generated data."""
