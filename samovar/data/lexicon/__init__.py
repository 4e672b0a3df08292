"""Lists of words with their inflections and disguises, found in texts at tens of megabytes a second.

A list is written in a small notation (``notation``). One automaton over all lists, in which look-alike letters are the
same, runs over a text and gives candidates (``skeleton``, ``kernels``, ``scanner``); a candidate is then judged by the
exact expressions of its list, once for every different word.
"""
