"""Requests in, tokens out: cache, scheduler, sampler."""
