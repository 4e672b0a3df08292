"""Pieces from which short stories are put together, a module a language."""
