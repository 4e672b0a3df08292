"""Short business papers (orders, bills, appointments…) with fields to pull out, a module a language."""
