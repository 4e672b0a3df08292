"""Subjects of made-up passages, a module a language; each holds domains of facts and the questions they answer."""
