"""How much of each group of documents is in the corpus: planned by shares, made by leaving out and repeating."""
