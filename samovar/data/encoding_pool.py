"""Texts encoded by worker processes, and given back in the order in which they came."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, NamedTuple, TypeVar

import numpy as np

from samovar.core.errors import ResourceError

T = TypeVar("T")

EncodeBatch = Callable[[list[str]], Sequence[Any]]
"""The ids of each text, as lists or arrays."""
# Processes start in a second; less than this is encoded in that time.
_WORTH_WORKERS_BATCHES = 16
_BATCHES_A_WORKER = 3


class Encoded(NamedTuple):
    """The ids of some texts, one after another."""

    ids: np.ndarray
    sizes: np.ndarray
    """Ids of each text; int64."""


def encode_in_order(
    batches: Iterable[tuple[list[str], T]], load_encoder: Callable[[], EncodeBatch], *, dtype: np.dtype, workers: int
) -> Iterator[tuple[Encoded, T]]:
    """Encode each batch of texts, and give it with what came beside it.

    A few texts, or one worker, are encoded in this process. Else ``load_encoder`` is called once in every worker; at
    most three batches a worker are on their way.

    Raises:
        ResourceError: a worker was killed.
    """
    iterator = iter(batches)
    first = list(islice(iterator, _WORTH_WORKERS_BATCHES))
    if workers <= 1 or len(first) < _WORTH_WORKERS_BATCHES:
        encode = load_encoder()
        for texts, beside in chain(first, iterator):
            yield _encoded(encode(texts), dtype), beside
        return
    waiting: deque[tuple[Future[Encoded], T]] = deque()
    # Spawned, because a fork of a process with threads (as the tokenizer's are) may hang.
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(load_encoder, dtype)
    )
    try:
        for texts, beside in chain(first, iterator):
            waiting.append((pool.submit(_encode_in_worker, texts), beside))
            if len(waiting) >= workers * _BATCHES_A_WORKER:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    except BrokenProcessPool as error:
        raise ResourceError(
            "a process that encodes texts was killed, as the system does when memory runs out",
            hint="close other programs, and run the same command again",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _next(waiting: deque[tuple[Future[Encoded], T]]) -> tuple[Encoded, T]:
    future, beside = waiting.popleft()
    return future.result(), beside


_worker: tuple[EncodeBatch, np.dtype] | None = None


def _start_worker(load_encoder: Callable[[], EncodeBatch], dtype: np.dtype) -> None:
    global _worker
    # The processes are the parallel part: threads of each would only take turns.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    _worker = load_encoder(), dtype


def _encode_in_worker(texts: list[str]) -> Encoded:
    assert _worker is not None
    encode, dtype = _worker
    return _encoded(encode(texts), dtype)


def _encoded(ids: Sequence[Any], dtype: np.dtype) -> Encoded:
    sizes = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
    parts = [np.asarray(one, dtype=dtype) for one in ids]
    return Encoded(np.concatenate([np.empty(0, dtype=dtype), *parts]), sizes)
