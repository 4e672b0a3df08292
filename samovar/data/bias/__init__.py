"""Which groups of people stand beside negative words in a corpus, and how often: counted, never removed.

``english`` and ``russian`` are the lists, ``mentions`` finds their words, ``counting`` lays windows of words around
them, ``report`` compares.
"""
