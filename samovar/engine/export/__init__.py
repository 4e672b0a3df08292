"""The assistant in forms that other programs open: one file a format, whose name is the format's.

Every format is written beside its place, checked there against the model that was trained (``parity``), and put in
place whole or not at all.
"""
