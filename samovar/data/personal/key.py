"""The key of pseudonyms: a file of its own, without which no stand-in leads back to whom it stands for."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from samovar.core.errors import ConfigError, MissingError
from samovar.core.files import naming_os_errors

_KEY_BYTES = 32


class Key:
    """A secret from which the stand-ins, and the secrets of their map, are derived."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "Key(...)"

    def derive(self, purpose: str, size_bytes: int = 32) -> bytes:
        """Secret bytes for ``purpose``: HKDF-Expand of RFC 5869 with SHA-256."""
        block, out, number = b"", b"", 0
        while len(out) < size_bytes:
            number += 1
            block = hmac.digest(self._secret, block + purpose.encode() + bytes([number]), hashlib.sha256)
            out += block
        return out[:size_bytes]

    def number(self, purpose: str, value: str) -> int:
        """A number of 256 bits that depends on ``value`` as nobody can tell without the key."""
        message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._secret, message, hashlib.sha256))


def load_key(path: Path) -> Key:
    """The key in ``path``.

    Raises:
        MissingError: there is no such file.
        ConfigError: it is no key.
    """
    try:
        written = path.read_text(encoding="ascii").strip()
        secret = bytes.fromhex(written)
    except FileNotFoundError as error:
        raise MissingError(f"the key {path} does not exist", hint="without it no stand-in leads back") from error
    except ValueError as error:
        raise _no_key(path) from error
    if len(secret) != _KEY_BYTES:
        raise _no_key(path)
    return Key(secret)


def load_or_make_key(path: Path) -> Key:
    """The key in ``path``, made by the first process of many that asks for it, readable by the owner alone."""
    if not path.exists():
        with naming_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            try:
                os.link(temporary, path)  # unlike a rename, it never replaces what another process has just made
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
    return load_key(path)


def _no_key(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} is no key: a key is {2 * _KEY_BYTES} hexadecimal digits",
        hint="name another file under key_file of the step redact; one that does not exist is made",
    )
