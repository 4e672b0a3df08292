"""A small, fast classifier of texts: hashed words and letters, logistic regression, calibrated probabilities.

It is trained in seconds from examples that somebody marked (``examples``, ``training``), says how good it is on
examples that it did not see (``held_out``), and is a file of numbers and JSON (``classifier``).
"""
