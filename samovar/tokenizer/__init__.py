"""Byte-level BPE: train, load, encode."""
