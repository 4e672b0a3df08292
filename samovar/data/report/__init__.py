"""The account of a corpus for people: what the pages show, in what words, and how it is drawn."""
