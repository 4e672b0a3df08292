"""One reader a format: a file's name is its registration."""
