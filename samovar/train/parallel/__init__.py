"""One training run over many processes: which process holds what, and the few places where they have to meet.

Alone, a process uses ``grid.ALONE``, and nothing in this folder does anything.
"""
