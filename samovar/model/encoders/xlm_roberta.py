"""XLM-RoBERTa: RoBERTa with a vocabulary of many languages. Source: Conneau et al. 2020, arXiv:1911.02116."""

from __future__ import annotations

from samovar.model.encoders.roberta import LAYOUT, from_hf_config

__all__ = ["CLASS", "LAYOUT", "from_hf_config"]

CLASS = "XLMRoberta"
