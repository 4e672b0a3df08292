"""``samovar serve``: the address, the model, the application, until a signal says stop."""

from __future__ import annotations

import errno
import ipaddress
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.core.artifact import STATE, is_whole
from samovar.core.errors import BusyError, ConfigError, ResourceError
from samovar.serve.guard import is_loopback
from samovar.serve.kept_responses import KeptResponses
from samovar.serve.keys import KeyBook
from samovar.serve.lifetime import CUT_S, Lifetime
from samovar.serve.logs import log_as_json
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

    from samovar.engine.engine import Engine

_BACKLOG = 2048
_MOST_FILES = 65_536
_KEEP_ALIVE_S = 30
"""Longer than most clients keep an idle connection (5 seconds): who closes first should not be the server, or a request
that is just on its way is lost."""


def run_server(
    model_folder: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    api_key: str | None = None,
    keys_file: Path | None = None,
    chats_file: Path | None = None,
    model_id: str | None = None,
    tools: Sequence[str] | None = None,
    settings: ServeSettings | None = None,
) -> None:
    """Serve the model in ``model_folder`` until SIGINT or SIGTERM; running answers get time to end.

    Args:
        model_folder: a Hugging Face folder with model and tokenizer.
        host: address to listen on; None takes the settings'.
        port: port to listen on, 0 for a free one; None takes the settings'.
        api_key: a key with every right; an address beyond this machine demands one, or keys on file.
        keys_file: the keys on file; None takes the one beside the model.
        chats_file: what people asked to be kept, where the settings let it be; None takes the one beside the model.
        model_id: what the API calls the model; None takes the folder's name.
        tools: names of the tools that the server runs; None takes the settings'.
        settings: habits and limits.

    Raises:
        BusyError: the port is in use.
        ConfigError: the address is wrong, or open to others without a key; an unknown tool; an unusable certificate.
        CorruptError: the file of chats is damaged.
        MissingError: there is no model in the folder.
    """
    settings = settings or ServeSettings()
    host = settings.host if host is None else host
    model_id = model_id or model_folder.resolve().name
    keys = KeyBook(keys_file or keys_file_in(model_folder))
    check_exposure(host, api_key, keys)
    check_certificate(settings)
    with listen(host, settings.port if port is None else port, stall_s=settings.stall_s) as listener:
        # After the port is ours: a port in use is told at once, and not after the model has loaded.
        from samovar.agent.registry import load_tools
        from samovar.engine.runner import EngineRunner
        from samovar.serve.app import create_app
        from samovar.serve.draining import DrainingServer

        _allow_connections()
        if settings.log != "errors":
            log_as_json()
        loaded_tools = load_tools(settings.tools if tools is None else tools)
        engine = _open_engine(model_folder, settings)
        lifetime = Lifetime()
        store = _open_store(chats_file or chats_file_in(model_folder), settings) if settings.keep_chats else None
        with closing(keys), closing(store) if store else nullcontext(), EngineRunner(engine) as runner:
            app = create_app(
                runner,
                engine.tokenizer,
                model_id=model_id,
                tools=loaded_tools,
                settings=settings,
                api_key=api_key,
                keys=keys,
                is_loopback=is_loopback(host),
                lifetime=lifetime,
                store=store,
                artifact=model_folder.resolve().name if is_whole(model_folder) else None,
            )
            config = uvicorn_config(app, settings)
            _announce(listener, model_id, is_secure=config.is_ssl, way=_way(engine))
            with _quiet_signals():
                DrainingServer(config, lifetime, drain_s=settings.drain_s).run(sockets=[listener])


def uvicorn_config(app: Starlette, settings: ServeSettings) -> uvicorn.Config:
    """How uvicorn serves: HTTP only, and without a log of its own of who asked what.

    Raises:
        ConfigError: the certificate cannot be used.
    """
    import uvicorn

    from samovar.serve.heads import PatientProtocol

    config = uvicorn.Config(
        app,
        http=partial(PatientProtocol, head_timeout_s=settings.body_timeout_s),  # type: ignore[arg-type]
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=settings.drain_s + CUT_S,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    with _naming_certificate(settings):
        config.load()
    return config


def check_certificate(settings: ServeSettings) -> None:
    """Refuse a certificate that cannot be used before the model has loaded.

    Raises:
        ConfigError: it, or its key, cannot be read, or one is not the other's.
    """
    if settings.tls_certificate is None:
        return

    def leave_for_later() -> str:
        raise _LockedKey

    with _naming_certificate(settings), suppress(_LockedKey):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=leave_for_later)


class _LockedKey(Exception):
    """The key has a password, which OpenSSL asks for once, when it is used."""


@contextmanager
def _naming_certificate(settings: ServeSettings) -> Iterator[None]:
    certificate, key = settings.tls_certificate, settings.tls_key
    try:
        yield
    except OSError as error:  # of which ssl.SSLError is one
        raise ConfigError(
            f"the certificate {certificate} with the key {key or certificate} cannot be used: {error}",
            hint="give PEM files, of the certificate and of its key, that this account may read",
        ) from error


def check_exposure(host: str, api_key: str | None, keys: KeyBook | None = None) -> None:
    """Refuse to be open to others without a key.

    Raises:
        ConfigError: the address is not a loopback one and there is no key, or the key cannot be sent in a header.
    """
    if api_key is not None and not (api_key.isascii() and api_key.isprintable() and api_key.strip() == api_key != ""):
        raise ConfigError("the API key is empty or has other than printable ASCII characters", hint="choose another")
    if api_key is None and not is_loopback(host) and not (keys is not None and keys.has_keys()):
        raise ConfigError(
            f"{host} can be reached by other machines, and there is no API key",
            hint="make one with `samovar keys create DIR --name NAME`, set one with --api-key or SAMOVAR_API_KEY, or"
            " use 127.0.0.1",
        )


def keys_file_in(folder: Path) -> Path:
    """Where the keys of a project, or of a model's folder, are by default."""
    return folder / STATE / "keys.sqlite3"


def chats_file_in(folder: Path) -> Path:
    """Where the chats of a project, or of a model's folder, are by default."""
    return folder / STATE / "chats.sqlite3"


def _open_engine(folder: Path, settings: ServeSettings) -> Engine:
    from samovar.engine.backends import open_engine

    return open_engine(
        folder,
        backend=settings.backend,
        max_batch=settings.max_batch,
        max_context=settings.max_context,
        cache_tokens=settings.cache_tokens,
        cache_form=settings.cache_form,
        adapters=settings.adapters,
        draft=settings.draft,
        draft_tokens=settings.draft_tokens,
    )


def _open_store(path: Path, settings: ServeSettings) -> Store | None:
    """The store; None, and a word of it, where its place cannot be written: a project may be mounted to be read."""
    try:
        store = Store(path)
    except ResourceError as error:
        print(f"chats are not kept: {error.what}", file=sys.stderr, flush=True)
        return None
    KeptResponses(store, settings.response_days).forget_old()
    return store


def listen(host: str, port: int, *, stall_s: float | None = None) -> socket.socket:
    """A socket that listens on ``host``; clients that come before the model is loaded wait.

    Args:
        host: the address.
        port: the port; 0 takes a free one.
        stall_s: seconds after which a client that takes nothing of what it is sent counts as gone; None: the system's.
    Raises:
        BusyError: the port is in use.
        ConfigError: there is no such address or port here.
        ResourceError: the port may not be used by this account.
    """
    if not 0 <= port <= 65535:
        raise ConfigError(f"the port is {port}: there is no such port", hint="choose one from 1024 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(f"{host!r} is no address: {error}", hint="use 127.0.0.1") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if stall_s is not None and hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it; Linux alone has it
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall_s * 1000))
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _listen_error(error, host, port) from error
    return listener


def _listen_error(error: OSError, host: str, port: int) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return BusyError(
            f"port {port} on {host} is in use by another program",
            hint=f"stop that program, or choose another port: --port {port + 1 if port < 65535 else 8000}",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ResourceError(
            f"port {port} may not be used: {error.strerror}", hint="ports below 1024 need rights; try --port 8000"
        )
    return ConfigError(f"cannot listen on {host}: {error.strerror}", hint="use an address of this machine: 127.0.0.1")


def _announce(listener: socket.socket, model_id: str, *, is_secure: bool, way: str) -> None:
    host, port = listener.getsockname()[:2]
    is_everywhere = ipaddress.ip_address(host).is_unspecified  # 0.0.0.0 is no address to open
    if is_everywhere:
        host = "::1" if ":" in host else "127.0.0.1"
    address = f"http{'s' if is_secure else ''}://{f'[{host}]' if ':' in host else host}:{port}"
    others = "; other machines use this one's name or address" if is_everywhere else ""
    told = f"{model_id} is served: page {address}/  API {address}/v1  (Ctrl-C stops it; {way}{others})"
    print(told, file=sys.stderr, flush=True)


def _way(engine: Any) -> str:
    """Who computes, and why it is the slower one where it is."""
    if not hasattr(engine, "way"):
        return "computed by vLLM"
    if engine.way == "eager":
        return f"computed by torch: {engine.why_not_native}"
    return "computed by compiled code" if engine.way == "native" else "computed on the GPU"


def _allow_connections() -> None:
    """Every connection is a file; many systems allow 1,024 until they are asked for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """uvicorn stops on SIGINT and SIGTERM and then sends itself the signal again: a clean stop is no failure."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
