"""Which language a text is in, and text whose letters were decoded wrongly, brought back."""
