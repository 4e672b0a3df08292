"""The loop that calls tools, and the tools."""
