"""Word lists, numerals and phrasings that tasks draw from."""
