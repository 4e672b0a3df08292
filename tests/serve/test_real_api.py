"""The API over the real engine: probabilities, choices, schemas and vectors, held against the model."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import anthropic
import httpx
import jsonschema
import openai
import pytest
import torch

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.engine.embeddings import embed
from samovar.engine.engine import Engine
from samovar.engine.rerank import rerank, scored_row
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import save_tiny_model
from tests.chat.test_call_form import TEMPLATES
from tests.serve.conftest import serving

GREETING: list[Any] = [{"role": "user", "content": "Hi"}]
TEXT = "A cat sat on the mat, кошка и река"
# The model is random: unbounded texts would fill any limit.
PLACE = {
    "type": "object",
    "properties": {"city": {"enum": ["Oslo", "Rome"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": PLACE}}
CLOCK: Any = {"type": "function", "function": {"name": "clock"}}


@dataclass
class Real:
    client: openai.OpenAI
    engine: Engine
    url: str

    def log_probabilities(self, ids: list[int]) -> torch.Tensor:
        """Of every token at every place of ``ids``, by the decoder itself; float32, TV."""
        with torch.inference_mode():
            hidden_1TD = self.engine.model.hidden(torch.tensor([ids]))
            logits_TV = self.engine.model.head(hidden_1TD)[0, :, : self.engine.tokenizer.vocab_size]
        return logits_TV.float().log_softmax(-1)

    def foretold(self, ids: list[int]) -> list[float]:
        """The log-probability of each of ``ids`` but the first."""
        log_TV = self.log_probabilities(ids)
        return [float(log_TV[place, token]) for place, token in enumerate(ids[1:])]

    def chat_ids(self) -> list[int]:
        return prompt_ids([Message(role="user", content="Hi")], self.engine.tokenizer)

    def token_of(self, name: str) -> int:
        tokenizer = self.engine.tokenizer
        raw = bytes.fromhex(name[6:].replace("\\x", "")) if name.startswith("bytes:") else name.encode()
        return next(
            one for one in range(tokenizer.vocab_size) if tokenizer.decode_bytes((one,), skip_special=False) == raw
        )


@pytest.fixture(scope="module")
def real(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with serving_tiny(tmp_path_factory.mktemp("models") / "tiny-model", tokenizer) as real:
        yield real


@contextmanager
def serving_tiny(folder: Path, tokenizer: Tokenizer) -> Iterator[Real]:
    engine = Engine.load(save_tiny_model(folder, tokenizer, context=1024), max_batch=4)
    with (
        EngineRunner(engine) as runner,
        serving(create_app(runner, engine.tokenizer, model_id="tiny")) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=20) as client,
    ):
        yield Real(client, engine, url)


def chat(real: Real, **options: Any) -> Any:
    return real.client.chat.completions.create(
        **({"model": "tiny", "messages": GREETING, "temperature": 1, "seed": 5, "max_tokens": 12} | options)
    )


@pytest.mark.parametrize("as_ids", [False, True])
@pytest.mark.parametrize("max_tokens", [0, 1, 5])
def test_an_echo_scores_the_prompt_as_the_model_does(real: Real, as_ids: bool, max_tokens: int) -> None:
    ids = real.engine.tokenizer.encode(TEXT)
    answer = real.client.completions.create(
        model="tiny", prompt=ids if as_ids else TEXT, echo=True, logprobs=2, max_tokens=max_tokens, temperature=0
    )
    told = answer.choices[0].logprobs
    assert told is not None
    assert answer.choices[0].text.startswith(TEXT)
    assert told.token_logprobs is not None
    assert told.top_logprobs is not None
    assert told.tokens is not None
    drawn = [real.token_of(name) for name in told.tokens[len(ids) :]]
    assert [real.token_of(name) for name in told.tokens[: len(ids)]] == ids
    assert len(drawn) == answer.usage.completion_tokens == max_tokens
    assert told.token_logprobs[0] is None
    assert told.token_logprobs[1:] == pytest.approx(real.foretold([*ids, *drawn]), abs=1e-4)
    log_TV = real.log_probabilities([*ids, *drawn])
    for place, top in enumerate(told.top_logprobs[1:]):
        best = max(top, key=lambda name: top[name])
        assert real.token_of(best) == int(log_TV[place].argmax())
        assert len(top) in {2, 3}
    lengths = [after - before for before, after in pairwise(told.text_offset)]
    assert lengths == [len(name) for name in told.tokens[:-1]]


def test_several_prompts_and_choices_come_in_order(real: Real) -> None:
    ids = [real.engine.tokenizer.encode(text) for text in ("A cat", "Кошка")]
    options: Any = {"model": "tiny", "temperature": 1, "seed": 3, "max_tokens": 6}
    together = real.client.completions.create(prompt=ids, n=2, **options)
    assert [choice.index for choice in together.choices] == [0, 1, 2, 3]
    alone = [
        real.client.completions.create(prompt=prompt, **(options | {"seed": seed})).choices[0].text
        for prompt in ids
        for seed in (3, 4)
    ]
    assert [choice.text for choice in together.choices] == alone
    streamed = ["", "", "", ""]
    for event in real.client.completions.create(prompt=ids, n=2, stream=True, **options):
        for choice in event.choices:
            streamed[choice.index] += choice.text
    assert streamed == alone
    assert together.usage is not None
    assert together.usage.prompt_tokens == sum(map(len, ids))


def test_the_best_of_several_is_given(real: Real) -> None:
    options: Any = {"model": "tiny", "prompt": "A cat", "temperature": 1, "seed": 3, "max_tokens": 6, "logprobs": 0}
    drawn = real.client.completions.create(n=4, **options)

    def mean(choice: Any) -> float:
        return sum(choice.logprobs.token_logprobs) / len(choice.logprobs.token_logprobs)

    best = real.client.completions.create(best_of=4, **options)
    assert [choice.text for choice in best.choices] == [max(drawn.choices, key=mean).text]
    assert best.usage.completion_tokens == drawn.usage.completion_tokens


def test_the_probabilities_of_a_chat_are_the_models(real: Real) -> None:
    choice = chat(real, logprobs=True, top_logprobs=3).choices[0]
    told = choice.logprobs.content
    drawn = [real.token_of(one.token) for one in told]
    prompt = real.chat_ids()
    assert [one.logprob for one in told] == pytest.approx(real.foretold([*prompt, *drawn])[len(prompt) - 1 :], abs=1e-4)
    assert all(len(one.top_logprobs) == 3 for one in told)
    assert all(
        bytes(one.bytes) == real.engine.tokenizer.decode_bytes((token,)) for one, token in zip(told, drawn, strict=True)
    )
    chunks = list(chat(real, logprobs=True, top_logprobs=3, stream=True))
    streamed = [one for chunk in chunks if chunk.choices[0].logprobs for one in chunk.choices[0].logprobs.content]
    assert streamed == told


def test_choices_are_those_of_seeds_counted_up(real: Real) -> None:
    together = chat(real, n=3)
    alone = [chat(real, seed=5 + number).choices[0].message.content for number in range(3)]
    assert [choice.message.content for choice in together.choices] == alone
    assert len(set(alone)) > 1
    streamed = ["", "", ""]
    for chunk in chat(real, n=3, stream=True):
        streamed[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert streamed == alone


def test_usage_counts_the_prompt_once_and_what_was_cached(real: Real) -> None:
    messages: Any = [{"role": "user", "content": "A cat sat on the mat and looked at the river. " * 3}]
    first, second = (chat(real, messages=messages, n=number).usage for number in (2, 1))
    assert first.prompt_tokens == second.prompt_tokens
    assert first.completion_tokens > second.completion_tokens
    assert second.prompt_tokens_details.cached_tokens >= 16
    with anthropic.Anthropic(base_url=real.url, api_key="none", max_retries=0) as client:
        usage = client.messages.create(model="tiny", max_tokens=4, messages=messages).usage
    assert usage.cache_read_input_tokens >= 16
    assert usage.input_tokens + usage.cache_read_input_tokens == second.prompt_tokens


def test_what_a_schema_forces_is_no_cached_part_of_the_prompt(real: Real) -> None:
    config: Any = {"format": {"type": "json_schema", "schema": {"const": "Oslo, then Rome, " * 6}}}
    with anthropic.Anthropic(base_url=real.url, api_key="none", max_retries=0) as client:
        for _ in range(2):
            asked = client.messages.create(model="tiny", max_tokens=99, messages=GREETING, output_config=config)
    assert asked.usage.cache_read_input_tokens == len(real.chat_ids())
    assert asked.usage.input_tokens == 0


def test_a_bias_forces_and_forbids(real: Real) -> None:
    token = real.engine.tokenizer.encode("q")[0]
    assert chat(real, logit_bias={str(token): 100}, temperature=0, max_tokens=4).choices[0].message.content == "qqqq"
    told = chat(real, temperature=0, logprobs=True, max_tokens=1).choices[0].logprobs.content
    likeliest = real.token_of(told[0].token)
    other = chat(real, temperature=0, logprobs=True, max_tokens=1, logit_bias={str(likeliest): -100})
    assert real.token_of(other.choices[0].logprobs.content[0].token) != likeliest


def test_the_stop_text_is_told_in_anthropics_form(real: Real) -> None:
    config: Any = {"format": {"type": "json_schema", "schema": {"enum": ["Oslo, then Rome"]}}}
    with anthropic.Anthropic(base_url=real.url, api_key="none", max_retries=0) as client:
        message = client.messages.create(
            model="tiny", max_tokens=30, messages=GREETING, stop_sequences=["never", "then"], output_config=config
        )
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "then")
    (block,) = message.content
    assert block.type == "text"
    assert block.text.rstrip() == '"Oslo,'


def test_a_begun_answer_is_gone_on_with_as_the_text_is(real: Real) -> None:
    begun = "A cat sat on the"
    ids = [*real.chat_ids(), *real.engine.tokenizer.encode(begun)]
    foretold = real.client.completions.create(model="tiny", prompt=ids, temperature=0, max_tokens=12).choices[0].text
    messages: Any = [*GREETING, {"role": "assistant", "content": begun}]
    with anthropic.Anthropic(base_url=real.url, api_key="none", max_retries=0) as client:
        message = client.messages.create(model="tiny", max_tokens=12, messages=messages, extra_body={"temperature": 0})
    (block,) = message.content
    assert block.type == "text"
    assert block.text == foretold.rstrip() != ""
    assert message.usage.input_tokens + (message.usage.cache_read_input_tokens or 0) == len(ids)
    assert message.usage.output_tokens == 12


@pytest.mark.parametrize("seed", range(3))
def test_a_demanded_call_fits_its_schema(real: Real, seed: int) -> None:
    options: Any = {"tools": [WEATHER, CLOCK], "seed": seed, "max_tokens": 150, "parallel_tool_calls": False}
    choice = chat(real, tool_choice="required", **options).choices[0]
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    arguments = json.loads(call.function.arguments)
    if call.function.name == "weather":
        jsonschema.validate(arguments, PLACE)
    else:
        assert (call.function.name, arguments) == ("clock", {})
    named: Any = {"type": "function", "function": {"name": "weather"}}
    (call,) = chat(real, tool_choice=named, **options).choices[0].message.tool_calls
    assert call.function.name == "weather"
    jsonschema.validate(json.loads(call.function.arguments), PLACE)
    chunks = list(chat(real, tool_choice=named, stream=True, **options))
    pieces = [one.function.arguments for chunk in chunks for one in chunk.choices[0].delta.tool_calls or []]
    assert "".join(pieces) == call.function.arguments
    assert len(pieces) > 2


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_demanded_call_in_another_familys_form_fits_its_schema(
    tokenizer: Tokenizer, tmp_path: Path, kind: str
) -> None:
    with serving_tiny(tmp_path / "tiny-model", Tokenizer(tokenizer.to_json(), TEMPLATES[kind])) as real:
        named: Any = {"type": "function", "function": {"name": "weather"}}
        choice = chat(real, tools=[WEATHER, CLOCK], tool_choice=named, max_tokens=150).choices[0]
    (call,) = choice.message.tool_calls
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    assert call.function.name == "weather"
    jsonschema.validate(json.loads(call.function.arguments), PLACE)


@pytest.mark.parametrize("seed", range(3))
def test_an_answer_fits_its_schema(real: Real, seed: int) -> None:
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": PLACE, "strict": True}}
    choice = chat(real, response_format=wanted, seed=seed, max_tokens=100).choices[0]
    assert choice.finish_reason == "stop"
    jsonschema.validate(json.loads(choice.message.content), PLACE)
    text: Any = {"format": {"type": "json_schema", "name": "place", "schema": PLACE}}
    response = real.client.responses.create(model="tiny", input="Hi", text=text, temperature=1, max_output_tokens=100)
    jsonschema.validate(json.loads(response.output_text), PLACE)
    config: Any = {"format": {"type": "json_schema", "schema": PLACE}}
    with anthropic.Anthropic(base_url=real.url, api_key="none", max_retries=0) as client:
        message = client.messages.create(model="tiny", max_tokens=100, messages=GREETING, output_config=config)
    (block,) = message.content
    assert block.type == "text"
    jsonschema.validate(json.loads(block.text), PLACE)


def test_a_schema_that_is_none_is_refused_in_a_stream_too(real: Real) -> None:
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "odd", "schema": {"type": "thing"}}}
    for is_stream in (False, True):
        with pytest.raises(openai.BadRequestError) as refused:
            chat(real, response_format=wanted, stream=is_stream)
        assert refused.value.param == "response_format"


def test_a_strict_tool_whose_schema_cannot_be_followed_is_refused(real: Real) -> None:
    odd = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
    tool: Any = {"type": "function", "function": {"name": "odd", "parameters": odd, "strict": True}}
    for is_stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="uniqueItems") as refused:
            chat(real, tools=[tool], stream=is_stream)
        assert refused.value.param == "tools"


def test_embeddings_are_the_models_in_both_encodings(real: Real) -> None:
    texts = ["The tea was hot.", "Самовар пел на столе."]
    found = real.client.embeddings.create(model="tiny", input=texts)  # the client asks for base64
    plain = real.client.embeddings.create(model="tiny", input=texts, encoding_format="float")
    ids = [real.engine.tokenizer.encode(text) for text in texts]
    expected = embed(real.engine.model, ids)
    for index in range(2):
        assert found.data[index].embedding == pytest.approx(expected[index], abs=1e-5)
        assert plain.data[index].embedding == pytest.approx(expected[index], abs=1e-5)
    assert found.usage.prompt_tokens == sum(map(len, ids))
    of_ids = real.client.embeddings.create(model="tiny", input=ids[0])
    assert of_ids.data[0].embedding == pytest.approx(expected[0], abs=1e-5)
    for wrong in ({"input": "", "param": "input"}, {"dimensions": 8, "param": "dimensions"}):
        param = wrong.pop("param")
        with pytest.raises(openai.BadRequestError) as refused:
            real.client.embeddings.create(**({"model": "tiny", "input": "a"} | wrong))
        assert refused.value.param == param


def test_documents_are_ranked_as_the_model_ranks_them(real: Real) -> None:
    documents = ["A cat sat on the mat.", "Кошка сидела.", "It ran for 1234 seconds.", "the river"]
    asked = {"model": "tiny", "query": "Where is the cat?", "documents": documents, "return_documents": True}
    reply = httpx.post(f"{real.url}/v1/rerank", json=asked).json()
    rows = [scored_row(real.engine.tokenizer, "Where is the cat?", document) for document in documents]
    expected = rerank(real.engine.model, rows)
    for one in reply["results"]:
        assert one["relevance_score"] == pytest.approx(math.exp(expected[one["index"]]), abs=1e-6)
        assert one["document"] == {"text": documents[one["index"]]}
    scores = [one["relevance_score"] for one in reply["results"]]
    assert scores == sorted(scores, reverse=True)
    assert reply["usage"]["prompt_tokens"] == sum(len(ids) for ids, _ in rows)
    best = httpx.post(f"{real.url}/v1/rerank", json=asked | {"top_n": 1}).json()["results"]
    assert best == reply["results"][:1]


def test_a_prompt_beyond_the_context_is_refused_by_the_name_of_its_field(real: Real) -> None:
    for path, body, param in (
        ("completions", {"prompt": "word " * 1200}, "prompt"),
        ("responses", {"input": "word " * 1200}, "input"),
        ("embeddings", {"input": "word " * 1200}, "input"),
        ("rerank", {"query": "a", "documents": ["word " * 1200]}, "documents"),
    ):
        refused = httpx.post(f"{real.url}/v1/{path}", json={"model": "tiny", **body})
        assert refused.status_code == 400
        error = refused.json()["error"]
        assert (error["code"], error["param"]) == ("context_length_exceeded", param)


def test_answers_are_kept_in_a_regular_expression_a_grammar_or_a_choice(real: Real) -> None:
    def ask(asked: dict[str, Any], **more: Any) -> str:
        found = real.client.completions.create(
            model="tiny", prompt=TEXT, max_tokens=40, seed=3, extra_body={"structured_outputs": asked}, **more
        )
        assert found.choices[0].finish_reason == "stop"
        return found.choices[0].text

    assert re.fullmatch("[abc]{2,5}!", ask({"regex": "[abc]{2,5}!"}))
    assert re.fullmatch("(tea|чай){2}", ask({"grammar": 'start: word word\nword: "tea" | "чай"'}))
    assert ask({"choice": ["Oslo", "Рим"]}) in ("Oslo", "Рим")
    chat = real.client.chat.completions.create(
        model="tiny", messages=GREETING, max_tokens=40, extra_body={"structured_outputs": {"choice": ["да", "нет"]}}
    )
    assert chat.choices[0].message.content in ("да", "нет")


@pytest.mark.parametrize(
    ("asked", "more", "reason"),
    [
        ({"regex": "("}, {}, "regular expression"),
        ({}, {}, "nothing"),
        ({"regex": "a", "choice": ["b"]}, {}, "regex and choice"),
        ({"regex": "a"}, {"response_format": {"type": "json_object"}}, "response_format"),
        ({"regex": "a"}, {"tools": [WEATHER]}, "tools"),
    ],
)
def test_a_language_that_is_none_is_refused_by_the_name_it_came_by(
    real: Real, asked: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=reason) as caught:
        real.client.chat.completions.create(
            model="tiny", messages=GREETING, extra_body={"structured_outputs": asked}, **more
        )
    assert caught.value.param == "structured_outputs"
