"""Feedback of models in place of people's: a constitution, who revises and judges by it, and rows to learn from."""
