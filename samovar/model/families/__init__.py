"""One model family a file, named after its ``model_type``: its settings and names, to and from Hugging Face.

A family has ``from_hf_config``, ``to_hf_config`` and ``layout``.
"""
