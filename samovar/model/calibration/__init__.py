"""Rounding of weights that looks at what comes into each map."""
