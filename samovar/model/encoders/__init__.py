"""One family of encoders a file, named after its ``model_type``: its settings and names, from Hugging Face.

A family has ``CLASS``, what transformers' names of its classes begin with, ``LAYOUT`` and ``from_hf_config``.
"""
