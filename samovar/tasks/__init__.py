"""Checkable tasks, one file each: examples, grader, reward."""
