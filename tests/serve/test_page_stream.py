"""The chat page takes a dropped stream up again: its own script, run by node where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from tests.serve.conftest import MODEL, Server
from tests.serve.test_cancellation import until

TEXT = "A cat sat on the mat and looked at the river. " * 4
PAGE = """
import { streamAnswer } from "./api.js";
const [, , url, model, wish] = process.argv;
const plainFetch = globalThis.fetch;
const asked = [];
globalThis.fetch = async (path, options) => {
  asked.push(`${options.method ?? "GET"} ${path.split("/").slice(0, 2).join("/")}`);
  const response = await plainFetch(`${url}/${path}`, options);
  if (wish !== "drop" || asked.length > 1 || !response.body) return response;
  let left = 4;  // pieces, after which the connection is gone
  const broken = response.body.pipeThrough(new TransformStream({
    transform(piece, out) { if (left-- > 0) out.enqueue(piece); else out.error(new TypeError("gone")); },
  }));
  return new Response(broken, { status: response.status, headers: response.headers });
};
const stopping = new AbortController();
let text = "";
try {
  for await (const chunk of streamAnswer(model, [{ role: "user", content: "Hi" }], stopping.signal)) {
    text += chunk.choices[0]?.delta.content ?? "";
    if (wish === "stop" && text.length > 9) stopping.abort();
  }
} catch (error) { text = error.name; }
await new Promise((resolve) => setTimeout(resolve, 200));
console.log(JSON.stringify({ text, asked }));
"""

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="the page's script runs in node here")


def run_page(server: Server, folder: Path, wish: str) -> dict[str, object]:
    for name in ("api.js", "storage.js"):
        (folder / name).write_bytes((resources.files("samovar.serve") / "page" / name).read_bytes())
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "page.js").write_text(PAGE, encoding="utf-8")
    command = ["node", str(folder / "page.js"), server.url, MODEL, wish]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


@needs_node
def test_a_connection_that_drops_is_taken_up_again(start: Callable[..., Server], tmp_path: Path) -> None:
    told = run_page(start(lambda _: TEXT, pause_s=0.005), tmp_path, "drop")
    assert str(told["text"]).strip() == TEXT.strip()
    assert told["asked"] == ["POST v1/chat", "GET v1/streams"]


@needs_node
def test_who_stops_an_answer_frees_its_place(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start(lambda _: TEXT * 20, pause_s=0.02)
    told = run_page(server, tmp_path, "stop")
    assert told == {"text": "AbortError", "asked": ["POST v1/chat", "DELETE v1/streams"]}
    until(lambda: server.runner.num_live == 0)
