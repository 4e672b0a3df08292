"""Conversations, the one chat template, tool calls, loss masks."""
