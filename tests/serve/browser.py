"""The chat page in a browser without a window, where there is one, driven by a script."""

from __future__ import annotations

import shutil
import subprocess
import threading
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from samovar.agent.tools.calculator import Calculator
from samovar.serve.app import create_app
from samovar.serve.store import Store
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import ScriptedEngine, calculating
from tests.serve.conftest import MODEL, ScriptedRunner, serving

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
LONGEST_S = 120

HANDS = """
const byId = (id) => document.getElementById(id);
const texts = (selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent);
async function until(what, name) {
  for (let left = 600; left; left--) {
    const found = what();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${name}: ${document.body.innerText}`);
}
const titles = () => texts(".chat a span");
const type = (element, text) => { element.value = text; element.dispatchEvent(new Event("input")); };
async function say(text) {
  await until(() => !byId("send").hidden, "ready");
  type(byId("input"), text);
  await until(() => !byId("send").disabled, "may send");
  byId("send").click();
}
const answers = () => texts(".message.assistant .body");
const address = () => location.hash;
const tell = (told) => fetch("/told", { method: "POST", body: JSON.stringify(told) });
"""


@dataclass
class Drive:
    """Opens the page, does what a script says, and gives what it tells."""

    tokenizer: Tokenizer
    folder: Path

    def __call__(
        self,
        script: str,
        store: Store | None,
        fragment: str = "",
        runner: ScriptedRunner | None = None,
        **options: Any,
    ) -> Any:
        told: list[Any] = []
        is_told = threading.Event()

        async def take(request: Request) -> Response:
            told.append(await request.json())
            is_told.set()
            return Response()

        page = (resources.files("samovar.serve") / "page" / "index.html").read_text(encoding="utf-8")
        page = page.replace("</head>", '<script type="module" src="hands.js"></script></head>')
        hands = f"{HANDS}\ntry {{ await tell(await (async () => {{ {script} }})()); }}"
        hands += "catch (error) { await tell({ error: String(error) }); }"
        runner = runner or ScriptedRunner(ScriptedEngine(self.tokenizer, calculating))
        app = create_app(runner, self.tokenizer, model_id=MODEL, tools=[Calculator()], store=store, **options)
        app.router.routes[:0] = [
            Route("/test", lambda _: Response(page, media_type="text/html")),
            Route("/hands.js", lambda _: Response(hands, media_type="text/javascript")),
            Route("/told", take, methods=["POST"]),
        ]
        with serving(app) as url:
            command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
            command += [f"--user-data-dir={self.folder / 'browser'}", "--disable-background-networking", "--mute-audio"]
            command += ["--window-size=1200,800", f"{url}/test{fragment}"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
                try:
                    assert is_told.wait(LONGEST_S), "the page told nothing"
                finally:
                    browser.terminate()
        assert "error" not in told[0], told[0]["error"]
        return told[0]
