from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from importlib import resources

import pytest

from tests.serve.conftest import MODEL, Server


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:99", "localhost", "LOCALHOST:8000", "[::1]", "[::1]:8000", "127.0.0.5"]
)
def test_names_of_this_machine_are_answered(shared: Server, host: str) -> None:
    assert shared.http.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "", "[", "a@localhost.b"]
)
def test_other_names_are_refused(shared: Server, host: str) -> None:
    for path in ("/", "/health", "/v1/models"):
        response = shared.http.get(path, headers={"Host": host})
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "host_not_allowed"


def test_beyond_this_machine_any_name_is_right(start: Callable[..., Server]) -> None:
    server = start(api_key="right", is_loopback=False)
    assert server.http.get("/health", headers={"Host": "assistant.example"}).status_code == 200


def test_no_other_site_may_read_an_answer(shared: Server) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for response in (
        shared.http.get("/v1/models", headers=headers),
        shared.http.options("/v1/chat/completions", headers=headers),
    ):
        assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_every_answer_carries_the_headers_of_safety(shared: Server) -> None:
    for path in ("/", "/app.js", "/v1/models", "/nothing"):
        headers = shared.http.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "server" not in headers


class _Addresses(HTMLParser):
    """The addresses that a page names, and what its policy would forbid."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href"} and value:
                self.found.append(value)
            if name == "style" or name.startswith("on"):
                self.forbidden.append(f"{tag} {name}")


def test_the_page_is_whole_and_asks_nobody_else(shared: Server) -> None:
    page = shared.http.get("/")
    assert page.headers["Content-Type"].startswith("text/html")
    addresses = _Addresses()
    addresses.feed(page.text)
    assert addresses.forbidden == []
    assert addresses.found
    for address in {*addresses.found, "api.js", "words.js", "markup.js", "message.js"}:
        assert "//" not in address
        assert shared.http.get(f"/{address}").status_code == 200


def test_texts_of_the_model_cannot_become_markup(shared: Server) -> None:
    scripts = [file for file in (resources.files("samovar.serve") / "page").iterdir() if file.name.endswith(".js")]
    assert len(scripts) > 5
    for script in (shared.http.get(f"/{file.name}").text for file in scripts):
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://"):
            assert way not in script.replace("http://www.w3.org/2000/svg", "")


def test_what_was_asked_is_not_logged(start: Callable[..., Server], caplog: pytest.LogCaptureFixture, capfd) -> None:
    def script(prompt: str) -> str:
        raise RuntimeError("broken")

    caplog.set_level("DEBUG")
    server = start(script)
    server.post({"model": MODEL, "messages": [{"role": "user", "content": "my private words"}]})
    server.post({"model": MODEL, "messages": [{"role": "user", "content": "my private words"}], "stop": 5})
    said = capfd.readouterr()
    assert "private" not in caplog.text + said.out + said.err
