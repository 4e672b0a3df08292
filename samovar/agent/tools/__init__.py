"""One tool a file: its schema and ``run``."""
