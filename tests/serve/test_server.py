"""The address: who may be let in, what is in the way, and how the server ends."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from samovar.core.errors import BusyError, ConfigError, MissingError, ResourceError
from samovar.serve.guard import is_loopback
from samovar.serve.server import _announce as announce
from samovar.serve.server import _way, check_exposure, listen, run_server


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "localhost", "::1"])
def test_this_machine_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    check_exposure(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "assistant.example", ""])
def test_other_addresses_demand_a_key(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ConfigError, match="no API key") as caught:
        run_server(Path("model"), host=host, port=0)
    assert "--api-key" in str(caught.value.hint)
    check_exposure(host, "key")


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],
)
def test_the_address_that_is_told_can_be_opened(host: str, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        listener = listen(host, 0)
    except ConfigError as error:
        pytest.skip(f"this machine has no such address: {error}")
    with listener:
        announce(listener, "tiny", is_secure=True, way="by hand")
        told = capsys.readouterr().err
        port = listener.getsockname()[1]
        assert told.startswith(f"tiny is served: page https://{address}:{port}/  API https://{address}:{port}/v1  (")
        assert ("other machines" in told) == (host in {"0.0.0.0", "::"})
        socket.create_connection((address.strip("[]"), port), timeout=5).close()


@pytest.mark.parametrize("key", ["", " key", "ключ", "a\nb"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="API key"):
        check_exposure("127.0.0.1", key)


def test_a_port_in_use_is_told_before_the_model_is_looked_at() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(BusyError, match=f"port {port} on 127.0.0.1 is in use") as caught:
            run_server(Path("no such model"), host="127.0.0.1", port=port)
        assert f"--port {port + 1}" in str(caught.value.hint)


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_port_that_does_not_exist(port: int) -> None:
    with pytest.raises(ConfigError, match=f"the port is {port}"):
        listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "256.1.1.1", "no such host", "a" * 100])
def test_an_address_that_is_not_here(host: str) -> None:
    with pytest.raises(ConfigError, match=host):
        listen(host, 0)


def test_a_port_that_needs_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ResourceError, match="port 80 may not be used"):
        listen("127.0.0.1", 80)


def test_a_model_that_is_not_there_and_the_port_is_free_again(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(MissingError):
        run_server(tmp_path / "nothing", host="127.0.0.1", port=port)
    listen("127.0.0.1", port).close()


def test_an_unknown_tool(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no tool 'clock'"):
        run_server(tmp_path, port=0, tools=["clock"])


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        (SimpleNamespace(way="native", why_not_native=""), "computed by compiled code"),
        (SimpleNamespace(way="graph", why_not_native="it is on a GPU"), "computed on the GPU"),
        (SimpleNamespace(way="eager", why_not_native="no C++ compiler"), "computed by torch: no C++ compiler"),
        (SimpleNamespace(), "computed by vLLM"),
    ],
)
def test_who_computes_is_told(engine: SimpleNamespace, told: str) -> None:
    assert _way(engine) == told
