"""URIs among paths, and how they are shown."""

from __future__ import annotations

import re

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")
# Passwords before a host, and signed queries.
_SECRETS = re.compile(r"(?<=://)[^/@\s]*@|\?\S*(?:token|sig|key|secret|credential)[^\s=]*=\S*", re.IGNORECASE)


def is_uri(path: str) -> bool:
    """Whether ``path`` is a URI."""
    return _URI.match(path) is not None


def shown_uri(uri: str) -> str:
    """The URI without passwords, which must not get into reports."""
    return _SECRETS.sub("", uri)
