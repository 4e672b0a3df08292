"""Measures of a model, and the report a person reads."""
