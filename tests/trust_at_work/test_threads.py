"""Threads share a model while it is replaced: every answer is that of one model, as if alone."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from tests.trust_at_work.applications import ADJUSTED, DAY, EXPERT, applications, fresh_model

THREADS = 32
TIMES = [100, pytest.param(10_000, marks=pytest.mark.slow)]


class Backend:
    """One attribute holds the model; a swap assigns another."""

    def __init__(self, model):
        self.model = model


class RacyModel:
    """Scores as a model does, through a buffer that all threads share."""

    def __init__(self, model):
        self.model = model
        self.buffer = {}

    def propose_one(self, given, as_of):
        self.buffer["application"] = given
        time.sleep(0)
        return self.model.propose_one(self.buffer["application"], as_of=as_of)


@pytest.fixture(scope="module")
def given():
    return applications(50)


@pytest.fixture(scope="module")
def models():
    return fresh_model(EXPERT), fresh_model(ADJUSTED)


@pytest.fixture(scope="module")
def expected(models, given):
    """Bytes of every answer when nobody else asks, by model."""
    return {
        model.model_id: [bytes_of(model.propose_one(one, as_of=DAY)) for one in given]
        for model in models
    }


@pytest.fixture
def often_switched():
    """Threads take turns several times within one proposal."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 10)
    yield
    sys.setswitchinterval(before)


def bytes_of(proposal):
    return proposal.model_dump_json().encode()


def ask_at_once(backend, others, given, times):
    """Let 32 threads ask while another one swaps; give the answers as (place, model, bytes)."""
    done = Event()

    def swap():
        turn = 0
        while not done.is_set():
            backend.model = others[turn % len(others)]
            turn += 1
            time.sleep(0.001)

    def ask(thread):
        found = set()
        for number in range(times):
            place = (7 * thread + number) % len(given)
            answer = backend.model.propose_one(given[place], as_of=DAY)
            found.add((place, answer.model_id, bytes_of(answer)))
        return found

    swapper = Thread(target=swap)
    swapper.start()
    try:
        with ThreadPoolExecutor(THREADS) as crew:
            return set().union(*crew.map(ask, range(THREADS)))
    finally:
        done.set()
        swapper.join()


def strange(answers, expected):
    return [place for place, model_id, said in answers if expected[model_id][place] != said]


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.usefixtures("often_switched")
def test_every_answer_is_that_of_one_of_the_two_models(times, models, given, expected):
    answers = ask_at_once(Backend(models[0]), models, given, times)
    assert strange(answers, expected) == []
    assert {model_id for _, model_id, _ in answers} == set(expected)
    assert {place for place, _, _ in answers} == set(range(len(given)))
    assert len(answers) <= len(expected) * len(given)


@pytest.mark.usefixtures("often_switched")
def test_a_scorer_that_shares_a_buffer_is_caught(models, given, expected):
    racy = tuple(RacyModel(model) for model in models)
    answers = ask_at_once(Backend(racy[0]), racy, given, 20)
    assert strange(answers, expected) != []
