"""A language model in two files: this one, and the weights beside it. It needs Python and NumPy, nothing else.

    python run.py                          answers each line that you type, or that another program writes
    python run.py -m "How much is 17*24?"  answers once, and ends

It reads from top to bottom, as the work is done: 1. the weights are read; 2. text becomes numbers, called tokens;
3. a transformer says how likely every token is to be the next; 4. one is chosen; 5. a calculator helps where sums must
be right; 6. all of it together holds a conversation.

Names of arrays end with their axes: T new tokens, S all tokens up to now, D width of the model, L layers, K key-value
heads, G query heads that share one of those, A width of a head, V vocabulary. `hidden_TD` has a row of D numbers for
each of T tokens.

Made by `samovar export`, which had this file give the same answers as the model that was trained. What is left out:
Samovar itself can be told to let the assistant quote nothing but what was said to it, word for word; this file cannot.
"""

from __future__ import annotations

import argparse
import ast
import codecs
import json
import operator
import random
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS = Path(__file__).with_name("model.safetensors")
LONGEST = 4096  # tokens that a conversation may have, where the model can hold more: the cache takes memory

# 1. THE WEIGHTS
#
# A safetensors file: eight bytes with the length of a JSON header, the header, and then nothing but numbers. The header
# says of every tensor its type, its shape, and where its bytes are. Under "__metadata__" it has room for anything else:
# there are the shape of the model, its vocabulary, its habits, and on what terms it may be used.


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the header says of the model, and the tensors by name, all in float32."""
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_bytes))
    about = {key: json.loads(text) for key, text in header.pop("__metadata__").items() if key != "format"}
    numbers = np.asarray(np.memmap(path, np.uint8, "r", offset=8 + header_bytes))
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        tensors[name] = decode_numbers(numbers[first:last], entry["dtype"]).reshape(entry["shape"])
    for name in [name for name in tensors if name.endswith("_scale")]:  # whole numbers, with a scale for every row
        tensors[name.removesuffix("_scale")] *= tensors.pop(name)
    return about, tensors


def decode_numbers(raw: np.ndarray, kind: str) -> np.ndarray:
    """Bytes as float32."""
    if kind == "BF16":  # bfloat16 is the upper half of a float32
        return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)
    return raw.view({"F32": "<f4", "F16": "<f2", "I8": "i1"}[kind]).astype(np.float32)


# 2. TEXT TO TOKENS
#
# Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909): text is cut into words, a word is its bytes, and of all
# neighbours those two are joined that were joined earliest when the vocabulary was learnt, until none can be.
#
# Words are told by kinds of letters, so that a pattern over kinds cuts any script: L letter, N number, S the space,
# R line end, W other white space, O all else, such as punctuation and letters younger than this Python's Unicode. The
# patterns are those of Qwen 2, which takes one digit at a time, and Llama 3, which takes three.

WHITE = frozenset("\t\v\f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))))
ENDING = re.compile("'(?:s|t|re|ve|m|ll|d)", re.IGNORECASE)
WORD = "[SWO]?L+|N{1,DIGITS}|S?O+R*|[SWR]*R+|[SWR]+(?![LNO])|[SWR]+"


def kind_of(letter: str) -> str:
    """L, N, S, R, W or O."""
    if letter in " \r\n":
        return "S" if letter == " " else "R"
    category = unicodedata.category(letter)[0]
    return "W" if letter in WHITE else category if category in "LN" else "O"


def split_words(text: str, digits: int) -> Iterator[str]:
    """Cut ``text`` into words; nothing of it is lost."""
    word, kinds, start = re.compile(WORD.replace("DIGITS", str(digits))), "".join(map(kind_of, text)), 0
    while found := ENDING.match(text, start) or word.match(kinds, start):
        yield text[start : found.end()]
        start = found.end()


class Tokenizer:
    """Text to token ids and back."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.bytes_of = [token.encode("latin-1") for token in about["tokens"]]
        self.marks: dict[str, int] = about["marks"]
        """Tokens that no text can produce: they say where turns and calls of tools begin and end."""
        self.hidden, self.ends = set(about["hidden"]), set(about["ends"])
        self.is_composed, self.digits = about["is_composed"], about["digits"]
        plain = {token: number for number, token in enumerate(self.bytes_of) if number not in self.marks.values()}
        self.byte_ids = [plain[bytes([byte])] for byte in range(256)]
        self.whole_words = plain if about["prefers_whole_words"] else {}
        self.joins = {(left, right): (rank, new) for rank, (left, right, new) in enumerate(about["merges"])}
        self._word_ids = lru_cache(maxsize=10_000)(self._join)

    def encode(self, text: str) -> list[int]:
        """The ids of ``text``, in which marks are only words like any others."""
        if self.is_composed:  # é as one letter, and not as e with an accent behind it
            text = unicodedata.normalize("NFC", text)
        return [number for word in split_words(text, self.digits) for number in self._word_ids(word)]

    def decode(self, ids: list[int]) -> bytes:
        """The bytes of ``ids``: a letter may have its bytes in several tokens."""
        return b"".join(self.bytes_of[number] for number in ids if number not in self.hidden)

    def _join(self, word: str) -> list[int]:
        raw = word.encode("utf-8", "replace")
        if raw in self.whole_words:
            return [self.whole_words[raw]]
        ids = [self.byte_ids[byte] for byte in raw]
        while True:
            known = [(self.joins[pair], place) for place, pair in enumerate(pairwise(ids)) if pair in self.joins]
            if not known:
                return ids
            (_, new), place = min(known)
            ids[place : place + 2] = [new]


# 3. THE TRANSFORMER
#
# A decoder as in Llama and Qwen: Vaswani et al. 2017 (arXiv:1706.03762), with rotated positions (arXiv:2104.09864),
# shared key-value heads (arXiv:2305.13245) and a gated feed-forward block (arXiv:2002.05202).


def softmax(scores: np.ndarray) -> np.ndarray:
    """Positive shares that sum to one along the last axis, the larger the score the larger."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def silu(x: np.ndarray) -> np.ndarray:
    """x times the logistic function of x, written so that it cannot overflow."""
    return x * (0.5 + 0.5 * np.tanh(0.5 * x))


class Model:
    """Reads tokens and scores the next one. The keys and values of what it has read stay in a cache."""

    def __init__(self, shape: dict[str, Any], weights: dict[str, np.ndarray]) -> None:
        self.weights, self.eps = weights, np.float32(shape["norm_eps"])
        self.layers, self.kv_heads, self.head_dim = shape["num_layers"], shape["num_kv_heads"], shape["head_dim"]
        self.groups = shape["num_heads"] // self.kv_heads
        self.context = min(shape["max_positions"], LONGEST)
        self.head_VD = weights.get("lm_head.weight", weights["embed_tokens.weight"])
        # Position p turns the pair i of a head's numbers by p * frequency[i]: fast ones tell neighbours apart, slow
        # ones tell far from near.
        angle_SA = np.outer(np.arange(self.context, dtype=np.float32), np.tile(weights["rotary_frequency"], 2))
        self.cos_SA, self.sin_SA = np.cos(angle_SA), np.sin(angle_SA)
        self.keys_LKSA = np.zeros((self.layers, self.kv_heads, self.context, self.head_dim), np.float32)
        self.values_LKSA = np.zeros_like(self.keys_LKSA)
        self.read_ids: list[int] = []

    def next_logits(self, ids: list[int]) -> np.ndarray:
        """A score for every token of the vocabulary to come after ``ids``; only what is new in them is computed."""
        known = 0
        while known < min(len(self.read_ids), len(ids) - 1) and self.read_ids[known] == ids[known]:
            known += 1
        return self.head_VD @ self.read(ids, known)[-1]

    def read(self, ids: list[int], known: int) -> np.ndarray:
        """What the layers make of ``ids``, the first ``known`` of which the cache holds already: TD."""
        self.read_ids = self.read_ids[:known]
        parts = []
        for start in range(known, len(ids), 256):  # a long text in pieces: attention's scores take T times S numbers
            part = ids[start : start + 256]
            hidden_TD = self.weights["embed_tokens.weight"][part]
            for layer in range(self.layers):  # each block adds what it finds to what is there
                hidden_TD = hidden_TD + self.attention(layer, hidden_TD, start)
                hidden_TD = hidden_TD + self.feed_forward(layer, hidden_TD)
            parts.append(self.norm(hidden_TD, "norm"))
            self.read_ids += part
        return np.concatenate(parts)

    def attention(self, layer: int, hidden_TD: np.ndarray, start: int) -> np.ndarray:
        """Every token gathers from those before it: a query asks, keys answer how much, values are what is given."""
        name = f"layers.{layer}.self_attn"
        length, end = len(hidden_TD), start + len(hidden_TD)
        x_TD = self.norm(hidden_TD, f"layers.{layer}.input_layernorm")
        query_TKGA = self.linear(x_TD, f"{name}.q_proj").reshape(length, self.kv_heads, self.groups, self.head_dim)
        key_TKA = self.linear(x_TD, f"{name}.k_proj").reshape(length, self.kv_heads, self.head_dim)
        value_TKA = self.linear(x_TD, f"{name}.v_proj").reshape(length, self.kv_heads, self.head_dim)
        query_TKGA = self.rotated(self.norm(query_TKGA, f"{name}.q_norm"), start)
        key_TKA = self.rotated(self.norm(key_TKA, f"{name}.k_norm"), start)

        self.keys_LKSA[layer, :, start:end] = key_TKA.swapaxes(0, 1)
        self.values_LKSA[layer, :, start:end] = value_TKA.swapaxes(0, 1)
        keys_KSA, values_KSA = self.keys_LKSA[layer, :, :end], self.values_LKSA[layer, :, :end]

        scores_KGTS = query_TKGA.transpose(1, 2, 0, 3) @ keys_KSA[:, None].swapaxes(2, 3) * self.head_dim**-0.5
        is_later_TS = np.arange(end) > np.arange(start, end)[:, None]
        shares_KGTS = softmax(np.where(is_later_TS, np.float32(-np.inf), scores_KGTS))
        mixed_KGTA = shares_KGTS @ values_KSA[:, None]
        return self.linear(mixed_KGTA.transpose(2, 0, 1, 3).reshape(length, -1), f"{name}.o_proj")

    def feed_forward(self, layer: int, hidden_TD: np.ndarray) -> np.ndarray:
        """Every token by itself: one map is the gate of another, and a third leads back to the model's width."""
        x_TD = self.norm(hidden_TD, f"layers.{layer}.post_attention_layernorm")
        gate = silu(self.linear(x_TD, f"layers.{layer}.mlp.gate_proj"))
        return self.linear(gate * self.linear(x_TD, f"layers.{layer}.mlp.up_proj"), f"layers.{layer}.mlp.down_proj")

    def linear(self, x: np.ndarray, name: str) -> np.ndarray:
        """The linear map of this name; in some families it has a bias."""
        return x @ self.weights[f"{name}.weight"].T + self.weights.get(f"{name}.bias", np.float32(0))

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        """Numbers brought to a mean square of one, then each by a factor that was learnt (arXiv:1910.07467).

        Some families have no such norm for queries and keys: then nothing changes.
        """
        weight = self.weights.get(f"{name}.weight")
        return x if weight is None else x / np.sqrt(np.square(x).mean(-1, keepdims=True) + self.eps) * weight

    def rotated(self, x: np.ndarray, start: int) -> np.ndarray:
        """Positions: the first half of a head's numbers and the second are turned like the coordinates of points."""
        place = (slice(start, start + len(x)), *(None,) * (x.ndim - 2))
        first, second = np.split(x, 2, axis=-1)
        return x * self.cos_SA[place] + np.concatenate((-second, first), -1) * self.sin_SA[place]


# 4. THE NEXT TOKEN


def choose(logits_V: np.ndarray, temperature: float, top_p: float, draw: Callable[[], float]) -> int:
    """The likeliest token at temperature 0; else a throw of dice that are the more even the higher it is.

    With ``top_p`` below 1 only the likeliest tokens that have this probability together take part.
    """
    if temperature == 0:
        return int(logits_V.argmax())
    share_V = softmax(logits_V / np.float32(max(temperature, 1e-6)))
    order_V = np.arange(len(share_V)) if top_p == 1 else np.argsort(-share_V, kind="stable")
    share_V = share_V[order_V]
    if top_p < 1:
        before_V = np.cumsum(share_V) - share_V
        share_V = np.where((before_V < top_p) | (np.arange(len(share_V)) == 0), share_V, 0)
    total_V = np.cumsum(share_V)
    place = np.searchsorted(total_V, draw() * total_V[-1], side="right")
    return int(order_V[min(place, len(order_V) - 1)])


# 5. THE CALCULATOR
#
# A small model is poor at sums, but it can learn to ask. What it writes is parsed, and only numbers and signs are
# walked: nothing is ever executed. Fractions keep every step exact.

SIGNS: dict[type, Callable[[Fraction, Fraction], Fraction | int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
SPELLINGS = str.maketrans({"×": "*", "·": "*", "⋅": "*", "÷": "/", ":": "/", "−": "-", "–": "-", "^": "**",
                           "\xa0": " ", "\u202f": " "})  # fmt: skip
MOST_BITS = 1024


def calculate(expression: str) -> str:
    """The value of ``expression``, exact or to twelve digits; or ``error: …``, which the assistant can read."""
    text = re.sub(r"(?<![\d.])0+(?=\d)", "", expression.translate(SPELLINGS)).strip()  # 007 is 7
    try:
        if len(expression) > 200:
            raise ValueError("the expression is longer than 200 characters")
        if not re.fullmatch(r"[0-9.+\-*/%() \t]*", text):
            raise ValueError("only numbers, + - * / // % ** and parentheses are understood")
        value = evaluate(ast.parse(text, mode="eval").body, text)
    except ZeroDivisionError:
        return "error: division by zero"
    except (SyntaxError, RecursionError, MemoryError):
        return "error: this is not an arithmetic expression"
    except ValueError as error:
        return f"error: {error}"
    if value.denominator == 1:
        return str(value.numerator)
    short = Context(prec=MOST_BITS if (value * 10**10).denominator == 1 else 12)
    quotient = short.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(short)
    return f"{quotient:f}" if -20 <= quotient.adjusted() < 30 else f"{quotient:e}"


def evaluate(node: ast.expr, text: str) -> Fraction:
    """The value of a parsed expression; every number on the way is bounded."""
    match node:
        case ast.Constant(value=int() | float()):
            value = Fraction(text[node.col_offset : node.end_col_offset])  # 0.1 is a tenth, not the nearest double
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            value = evaluate(operand, text) * (1 if isinstance(node.op, ast.UAdd) else -1)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            value = power(evaluate(left, text), evaluate(right, text))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in SIGNS:
            value = Fraction(SIGNS[type(sign)](evaluate(left, text), evaluate(right, text)))
        case _:
            raise ValueError("only numbers, + - * / // % ** and parentheses are understood")
    if num_bits(value) > MOST_BITS:
        raise ValueError("the number is too large")
    return value


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """``base`` to the power of ``exponent``. How large it will be is known before it is computed."""
    if exponent.denominator == 1:
        if abs(exponent) * (num_bits(base) - 1) > MOST_BITS:
            raise ValueError("the number is too large")
        return base ** int(exponent)
    if base < 0:
        raise ValueError("a negative number has no real root here")
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    try:
        return Fraction(repr(float(base) ** float(exponent)))
    except (OverflowError, ValueError) as error:
        raise ValueError("the number is too large") from error


def num_bits(value: Fraction) -> int:
    """How long a number is."""
    return max(value.numerator.bit_length(), value.denominator.bit_length())


# 6. THE CONVERSATION
#
# A conversation is one text with marks in it (ChatML):
#     <|im_start|>user
#     How much is 17*24?<|im_end|>
#     <|im_start|>assistant
#     <tool_call>
#     {"name": "calculator", "arguments": {"expression": "17*24"}}
#     </tool_call><|im_end|>
#     <|im_start|>user
#     <tool_response>
#     408
#     </tool_response><|im_end|>
#     <|im_start|>assistant
#     408<|im_end|>
# The assistant writes what stands behind "assistant"; we write the rest.

CALL = re.compile(r"\n?<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


class Assistant:
    """Answers, and remembers what was said."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        about, weights = read_weights(path)
        self.tokenizer, self.model = Tokenizer(about["tokenizer"]), Model(about["shape"], weights)
        self.habits: dict[str, Any] = about["habits"]
        self.terms: dict[str, Any] = about["terms"]  # of the licence; empty where the model is of its maker's own
        self.preamble = self.with_marks(self.habits["preamble"])
        """What every conversation begins with: the system message, if there is one."""
        self.history: list[list[int]] = []
        """Questions with their answers, as tokens."""

    def with_marks(self, text: str) -> list[int]:
        """The ids of text that we wrote ourselves, in which marks are marks."""
        marks, encode = self.tokenizer.marks, self.tokenizer.encode
        pieces = re.split("(" + "|".join(map(re.escape, marks)) + ")", text)
        return [number for piece in pieces for number in ([marks[piece]] if piece in marks else encode(piece))]

    def user_turn(self, text: str) -> list[int]:
        """What a person says: whatever it looks like, it cannot be a mark."""
        said = self.tokenizer.encode(f"user\n{text}")
        return self.with_marks("<|im_start|>") + said + self.with_marks("<|im_end|>\n")

    def tool_turn(self, results: list[str]) -> list[int]:
        """What the tools said."""
        said = "".join(f"\n<tool_response>\n{result}\n</tool_response>" for result in results)
        return self.with_marks(f"<|im_start|>user{said}<|im_end|>\n")

    def answer(
        self, question: str, temperature: float | None = None, seed: int | None = None, max_tokens: int | None = None
    ) -> Iterator[str]:
        """The pieces of the answer as they come. When all are taken, the conversation holds question and answer."""
        temperature = self.habits["temperature"] if temperature is None else temperature
        tokens_left = self.habits["max_tokens"] if max_tokens is None else max_tokens
        exchange = self.user_turn(question)
        for _ in range(self.habits["max_rounds"]):
            exchange += self.with_marks("<|im_start|>assistant\n")
            text, shown = "", ""
            letters = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may need several tokens
            for token in self.generate(exchange, temperature, random.Random(seed), tokens_left):
                exchange.append(token)
                tokens_left -= 1
                text += letters.decode(self.tokenizer.decode([token]))
                yield (new := sayable(text)[len(shown) :])
                shown += new
            text += letters.decode(b"", final=True)
            yield CALL.sub("", text).rstrip()[len(shown) :]
            is_ended = exchange[-1] == self.tokenizer.marks["<|im_end|>"]
            exchange += self.with_marks("\n" if is_ended else "<|im_end|>\n")
            calls = CALL.findall(text)
            if not calls or tokens_left <= 0:
                break
            exchange += self.tool_turn([self.use_tool(call) for call in calls])
        self.history.append(exchange)

    def generate(self, exchange: list[int], temperature: float, dice: random.Random, max_tokens: int) -> Iterator[int]:
        """The tokens of one turn, its end included. The oldest exchanges are forgotten where the context is full."""
        needed = len(self.preamble) + len(exchange) + min(max_tokens, self.model.context // 4)
        while self.history and needed + sum(map(len, self.history)) > self.model.context:
            self.history.pop(0)
        ids = [*self.preamble, *(number for earlier in self.history for number in earlier), *exchange]
        if len(ids) >= self.model.context:
            raise ValueError(f"this is {len(ids)} tokens long, and {self.model.context} is all that I can hold")
        for _ in range(min(max_tokens, self.model.context - len(ids))):
            logits_V = self.model.next_logits(ids)[: len(self.tokenizer.bytes_of)]
            ids.append(choose(logits_V, temperature, self.habits["top_p"], lambda: dice.getrandbits(24) * 2.0**-24))
            yield ids[-1]
            if ids[-1] in self.tokenizer.ends:
                return

    def use_tool(self, call: str) -> str:
        """Do what the assistant asks of the calculator, and tell the person on stderr."""
        try:
            wanted = json.loads(call)
            name, expression = wanted["name"], str(wanted["arguments"]["expression"])
        except (ValueError, KeyError, TypeError):
            return "error: 'expression' must be text like 17*24"
        if name not in self.habits["tools"]:
            name = name if str(name).isidentifier() else "?"  # a name must not bring marks into the conversation
            return f"error: there is no tool {name!r}; the tools are: {', '.join(self.habits['tools']) or 'none'}"
        result = calculate(expression)
        print(f"[{name}  expression: {expression}  =  {result}]", file=sys.stderr, flush=True)
        return result


def sayable(text: str) -> str:
    """The part of an unfinished turn that is surely for the reader: no call of a tool, nor the beginning of one."""
    before, mark, _ = text.partition("<tool_call>")
    if not mark:
        lengths = [length for length in range(1, 11) if text.endswith("<tool_call>"[:length])]
        before = text[: len(text) - max(lengths, default=0)]
    return before.rstrip()


def typed_lines() -> Iterator[str]:
    """The lines of the standard input; a person who types them gets a sign to begin."""
    sign = "> " if sys.stdin.isatty() else ""
    while True:
        print(sign, end="", file=sys.stderr, flush=True)
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            return
        if not line:
            return
        yield line.strip()


def main() -> None:
    """Answer ``-m``, or every line of the standard input."""
    parser = argparse.ArgumentParser(description="Every line is a turn of one conversation; /new begins another.")
    parser.add_argument("-m", "--message", help="answer this, and end")
    parser.add_argument("--temperature", type=float, help="0 always takes the likeliest word")
    parser.add_argument("--seed", type=int, help="the same seed gives the same answer")
    parser.add_argument("--max-tokens", type=int, help="longest answer, in tokens")
    options = parser.parse_args()
    if not WEIGHTS.is_file():
        parser.error(f"{WEIGHTS} is missing: the two files belong together")
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    assistant = Assistant()
    if assistant.terms:
        print(f"[{assistant.terms['licence_title']}: {assistant.terms['licence_summary']}]", file=sys.stderr)
    for question in typed_lines() if options.message is None else [options.message]:
        if question == "/new":
            assistant.history.clear()
        elif question:
            try:
                for piece in assistant.answer(question, options.temperature, options.seed, options.max_tokens):
                    print(piece, end="", flush=True)
            except ValueError as error:  # it is too long
                print(error, file=sys.stderr)
            except KeyboardInterrupt:
                print(" (stopped, and not remembered)", file=sys.stderr)
            print(flush=True)


if __name__ == "__main__":
    main()
