"""Adapters: a few trained numbers beside the frozen weights of a model."""
