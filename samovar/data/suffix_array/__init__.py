"""Every place of a text, in the order of what follows it: a text of any length is found by a few dozen comparisons.

``construction`` sorts, ``block`` keeps sorted text on disk and searches it, ``corpus_index`` does so for a whole corpus
(``samovar trace``), ``repeats`` finds passages that occur twice (the step ``substring_dedup``).

Source: Manber and Myers 1993, doi:10.1137/0222058; sorted by libdivsufsort (Y. Mori), through pydivsufsort.
"""
