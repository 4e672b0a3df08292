"""Obscene, insulting and hateful words in Russian and English, however they are inflected or disguised.

The lists (``russian``, ``english``) are written in a small notation of stems and endings (``notation``), which becomes
one expression for RE2 and one for Python (``finder``). ``learned`` adds a filter trained from a labelled file.
"""
