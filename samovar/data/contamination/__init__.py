"""Evaluation questions that stand in the training documents.

``items`` reads questions and answers from whatever files an evaluation set comes in, ``overlap`` finds them in a text.
The step ``decontaminate`` does so for every document of a corpus.
"""
