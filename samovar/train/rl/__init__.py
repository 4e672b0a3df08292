"""Reinforcement: the assistant answers, answers are rewarded, and what was rewarded becomes likelier."""
