"""Obscene, insulting and hateful words in Russian and English, however they are inflected or disguised.

The lists (``russian``, ``english``) are written in the notation of ``samovar.data.lexicon``, which finds their words
(``finder``). ``learned`` adds a filter trained from a labelled file.
"""
