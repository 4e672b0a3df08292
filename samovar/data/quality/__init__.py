"""What tells text that teaches from text that does not: rules with thresholds, measured on a text cut once."""
