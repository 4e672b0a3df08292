"""Samovar: brew your own assistant from your own documents, on your own hardware."""

__version__ = "0.1.0"
