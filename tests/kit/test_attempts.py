"""A login under way belongs to the browser that began it, for an hour."""

from datetime import timedelta

import pytest

from udi.kit import attempts, clock
from udi.kit.attempts import InvalidAttemptError, begin, new_key, resume

KEY = new_key()


def test_the_browser_that_began_gets_its_attempt_back() -> None:
    attempt = begin(KEY, "/datasets?q=école")

    assert resume(KEY, attempt.state) == attempt
    assert attempt.back == "/datasets?q=école"


def test_each_attempt_has_its_own_secrets() -> None:
    first, second = begin(KEY, "/"), begin(KEY, "/")

    assert len({first.state, second.state, first.nonce, second.nonce, first.verifier, second.verifier}) == 6


def test_the_verifier_has_the_length_that_pkce_wants() -> None:
    assert 43 <= len(begin(KEY, "/").verifier) <= 128


def test_the_state_gives_away_neither_nonce_nor_verifier() -> None:
    attempt = begin(KEY, "/")

    assert attempt.nonce not in attempt.state
    assert attempt.verifier not in attempt.state


@pytest.mark.parametrize("key", [None, "", "short", new_key()], ids=["none", "empty", "short", "another"])
def test_another_browser_is_refused(key: str | None) -> None:
    attempt = begin(KEY, "/")

    with pytest.raises(InvalidAttemptError):
        resume(key, attempt.state)


TOUCHED = {"longer": f"{begin(KEY, '/').state}x", "shorter": begin(KEY, "/").state[2:]}


@pytest.mark.parametrize("state", ["", ".", "a", "a.b", "é.é", *TOUCHED.values()], ids=[*"12345", *TOUCHED])
def test_a_state_that_was_touched_is_refused(state: str) -> None:
    with pytest.raises(InvalidAttemptError):
        resume(KEY, state)


@pytest.mark.parametrize("minutes", [61, -5])
def test_an_attempt_lasts_an_hour(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    attempt = begin(KEY, "/")
    monkeypatch.setattr(attempts, "now", lambda: clock.now() + timedelta(minutes=59))
    assert resume(KEY, attempt.state) == attempt

    monkeypatch.setattr(attempts, "now", lambda: clock.now() + timedelta(minutes=minutes))

    with pytest.raises(InvalidAttemptError):
        resume(KEY, attempt.state)
