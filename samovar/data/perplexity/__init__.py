"""How surprising a text is to a model of runs of words, trained in seconds from good texts.

One way of smoothing (``kneser_ney``) serves two levels: runs of words, and, for words that the model never saw, runs of
letters (``word_model``). ``sample`` chooses what is learnt from, ``scores`` keeps what was measured.
"""
