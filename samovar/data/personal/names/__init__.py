"""Names of people: a small tagger for Russian (by morphology) and one for English (by lists and neighbours)."""
