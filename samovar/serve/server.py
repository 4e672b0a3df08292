"""``samovar serve``: the address, the model, the application, until a signal says stop."""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from samovar.core.errors import BusyError, ConfigError, ResourceError
from samovar.serve.settings import ServeSettings

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

_BACKLOG = 512


def run_server(
    model_folder: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    api_key: str | None = None,
    model_id: str | None = None,
    tools: Sequence[str] | None = None,
    settings: ServeSettings | None = None,
) -> None:
    """Serve the model in ``model_folder`` until SIGINT or SIGTERM; running answers get time to end.

    Args:
        model_folder: a Hugging Face folder with model and tokenizer.
        host: address to listen on; None takes the settings'.
        port: port to listen on, 0 for a free one; None takes the settings'.
        api_key: asked for under /v1; an address beyond this machine demands one.
        model_id: what the API calls the model; None takes the folder's name.
        tools: names of the tools that the server runs; None takes the settings'.
        settings: habits and limits.

    Raises:
        BusyError: the port is in use.
        ConfigError: the address is wrong, or open to others without a key; an unknown tool.
        MissingError: there is no model in the folder.
    """
    settings = settings or ServeSettings()
    host = settings.host if host is None else host
    check_exposure(host, api_key)
    with listen(host, settings.port if port is None else port) as listener:
        # After the port is ours: a port in use is told at once, and not after the model has loaded.
        import uvicorn

        from samovar.agent.registry import load_tools
        from samovar.engine.engine import Engine
        from samovar.engine.runner import EngineRunner
        from samovar.serve.app import create_app

        loaded_tools = load_tools(settings.tools if tools is None else tools)
        engine = Engine.load(model_folder, max_batch=settings.max_batch)
        with EngineRunner(engine) as runner:
            app = create_app(
                runner,
                engine.tokenizer,
                model_id=model_id or model_folder.resolve().name,
                tools=loaded_tools,
                settings=settings,
                api_key=api_key,
                is_loopback=is_loopback(host),
            )
            _announce(listener, model_id or model_folder.resolve().name)
            with _quiet_signals():
                uvicorn.Server(uvicorn_config(app, settings)).run(sockets=[listener])


def uvicorn_config(app: Starlette, settings: ServeSettings) -> uvicorn.Config:
    """How uvicorn serves: HTTP only, and without a log of who asked what, which is nobody's business."""
    import uvicorn

    return uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.drain_s,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, api_key: str | None) -> None:
    """Refuse to be open to others without a key.

    Raises:
        ConfigError: the address is not a loopback one and there is no key, or the key cannot be sent in a header.
    """
    if api_key is not None and not (api_key.isascii() and api_key.isprintable() and api_key.strip() == api_key != ""):
        raise ConfigError("the API key is empty or has other than printable ASCII characters", hint="choose another")
    if api_key is None and not is_loopback(host):
        raise ConfigError(
            f"{host} can be reached by other machines, and there is no API key",
            hint="set one with --api-key or SAMOVAR_API_KEY, or listen on 127.0.0.1",
        )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host``; clients that come before the model is loaded wait.

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


def _announce(listener: socket.socket, model_id: str) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    print(f"{model_id} is served: page {address}/  API {address}/v1  (Ctrl-C stops it)", file=sys.stderr, flush=True)


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """uvicorn stops on SIGINT and SIGTERM and then sends itself the signal again: a clean stop is no failure."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
