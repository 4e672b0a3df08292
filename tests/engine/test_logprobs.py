from __future__ import annotations

import pytest
import torch

from samovar.engine import logprobs
from samovar.engine.logprobs import score, token_logprobs


def test_logprobs_worked_by_hand() -> None:
    logits = torch.tensor([[0.1, 0.4, 0.3, 0.2], [0.5, 0.25, 0.125, 0.125]]).log() + 3.0
    first, second = token_logprobs(logits, [2, 0], [2, 0])
    assert first.token == 2
    assert first.logprob == pytest.approx(-1.2039728)
    assert [token for token, _ in first.top] == [1, 2]
    assert [value for _, value in first.top] == pytest.approx([-0.9162907, -1.2039728])
    assert (second.token, second.top) == (0, ())
    assert second.logprob == pytest.approx(-0.6931472)


def test_more_are_asked_for_than_there_are() -> None:
    (found,) = token_logprobs(torch.zeros(1, 3), [1], [50])
    assert sorted(token for token, _ in found.top) == [0, 1, 2]


def test_a_long_prompt_is_scored_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    hidden, table = torch.randn(23, 8), torch.randn(40, 8)
    tokens = torch.randint(40, (23,)).tolist()
    seen: list[int] = []

    def head(part: torch.Tensor) -> torch.Tensor:
        seen.append(len(part))
        return part @ table.T

    whole = token_logprobs(head(hidden), tokens, [3] * 23)
    seen.clear()
    monkeypatch.setattr(logprobs, "MAX_LOGITS", 5 * 40)
    parts = score(head, hidden, tokens, [3] * 23)
    assert max(seen) == 5
    assert [one.token for one in parts] == tokens
    for one, other in zip(parts, whole, strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-5)
        assert [token for token, _ in one.top] == [token for token, _ in other.top]
