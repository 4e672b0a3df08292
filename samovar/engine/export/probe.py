"""What an exported ``run.py`` makes of given tokens, asked in a Python of its own that has NumPy and nothing of ours.

    python -I -B probe.py FOLDER RESULTS < QUESTIONS

Questions and results are JSON; logits go into ``RESULTS.<number>.npy``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer the questions on the standard input."""
    folder, results = Path(sys.argv[1]), sys.argv[2]
    spec = importlib.util.spec_from_file_location("run", folder / "run.py")
    run: Any = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(run)  # type: ignore[union-attr]
    questions = json.loads(sys.stdin.buffer.read())
    assistant = run.Assistant()
    for number, ids in enumerate(questions["sequences"]):
        logits_TV = assistant.model.read(ids, 0) @ assistant.model.head_VD.T
        run.np.save(f"{results}.{number}.npy", logits_TV)
    answers = {
        "encoded": [assistant.tokenizer.encode(text) for text in questions["texts"]],
        "written": [written(assistant, turns) for turns in questions["conversations"]],
        "greedy": [greedy(run, assistant, ids, questions["num_tokens"]) for ids in questions["prompts"]],
        "packages": sorted({name.split(".")[0] for name in sys.modules} & {"numpy", "torch", "tokenizers", "jinja2"}),
    }
    Path(results).write_text(json.dumps(answers), encoding="utf-8")


def written(assistant: Any, turns: list[list[Any]]) -> list[int]:
    """The tokens of a conversation after which the assistant speaks."""
    ids = list(assistant.preamble)
    for role, said in turns:
        if role == "user":
            ids += assistant.user_turn(said)
        elif role == "tool":
            ids += assistant.tool_turn(said)
        else:
            ids += assistant.with_marks(f"<|im_start|>assistant\n{said}<|im_end|>\n")
    return ids + assistant.with_marks("<|im_start|>assistant\n")


def greedy(run: Any, assistant: Any, prompt: list[int], num_tokens: int) -> list[int]:
    """The likeliest tokens after ``prompt``, the end of the turn included."""
    ids = list(prompt)
    while len(ids) < len(prompt) + num_tokens:
        logits_V = assistant.model.next_logits(ids)[: len(assistant.tokenizer.bytes_of)]
        ids.append(run.choose(logits_V, 0.0, 1.0, None))
        if ids[-1] in assistant.tokenizer.ends:
            break
    return ids[len(prompt) :]


if __name__ == "__main__":
    main()
