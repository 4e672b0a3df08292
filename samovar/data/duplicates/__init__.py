"""The machinery of deduplication: pure functions on text and arrays, and bounded stores on disk.

``shingles`` and ``minhash`` turn a text into hashes, ``sorted_runs`` sorts pairs that do not fit into memory,
``components`` joins pairs into clusters, ``clusters`` chooses the copy that stays, ``seen`` remembers hashes. The
first three know nothing of steps and serve any engine.
"""
