"""The shapes of requests and replies: what handlers read and write, and what /openapi.json says."""
