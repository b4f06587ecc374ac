"""A question to the database: asked once for many, given up in time, never piled up."""

from __future__ import annotations

import threading
import time

import pytest

from broadsheet.conf.watch.asking import NoAnswer, Question


def test_answer_is_kept_for_a_while() -> None:
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    question = Question(ask, patience_s=5, keep_for_s=60)
    assert [question.answer() for _ in range(5)] == [1] * 5
    fresh = Question(ask, patience_s=5, keep_for_s=0)
    assert [fresh.answer(), fresh.answer()] == [2, 3]


def test_nobody_waits_longer_than_the_patience_and_nobody_asks_again_meanwhile() -> None:
    release, asked = threading.Event(), []

    def hang() -> str:
        asked.append(threading.current_thread())
        release.wait(30)
        return "late"

    question = Question(hang, patience_s=0.05, keep_for_s=0)
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(NoAnswer, match=r"no answer within 0\.05 s"):
            question.answer()
    assert time.monotonic() - started < 5
    assert len(asked) == 1
    release.set()
    asked[0].join()
    assert question.answer() == "late", "a new question, which is answered at once"
    assert len(asked) == 2


def test_trouble_comes_out_as_it_is() -> None:
    def fail() -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        Question(fail, patience_s=5, keep_for_s=0).answer()
