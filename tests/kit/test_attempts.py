"""A login under way belongs to the browser that began it, for an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from udi.kit import clock, login_attempts
from udi.kit.login_attempts import (
    InvalidLoginAttemptError,
    begin_attempt,
    is_key,
    new_key,
    resume_attempt,
)

KEY = new_key()


def test_the_browser_that_began_gets_its_attempt_back() -> None:
    attempt = begin_attempt(KEY, "/datasets?q=école")

    assert resume_attempt(KEY, attempt.state) == attempt
    assert attempt.back == "/datasets?q=école"


def test_each_attempt_has_its_own_secrets() -> None:
    first = begin_attempt(KEY, "/")
    second = begin_attempt(KEY, "/")

    assert (
        len(
            {
                first.state,
                second.state,
                first.nonce,
                second.nonce,
                first.verifier,
                second.verifier,
            }
        )
        == 6
    )


def test_the_verifier_has_the_length_that_pkce_wants() -> None:
    assert 43 <= len(begin_attempt(KEY, "/").verifier) <= 128


def test_the_state_gives_away_neither_nonce_nor_verifier() -> None:
    attempt = begin_attempt(KEY, "/")

    assert attempt.nonce not in attempt.state
    assert attempt.verifier not in attempt.state


@pytest.mark.parametrize(
    "key", [None, "", "short", new_key()], ids=["none", "empty", "short", "another"]
)
def test_another_browser_is_refused(key: str | None) -> None:
    attempt = begin_attempt(KEY, "/")

    with pytest.raises(InvalidLoginAttemptError):
        resume_attempt(key, attempt.state)


TOUCHED = {
    "longer": f"{begin_attempt(KEY, '/').state}x",
    "shorter": begin_attempt(KEY, "/").state[2:],
}


@pytest.mark.parametrize(
    "state", ["", ".", "a", "a.b", "é.é", *TOUCHED.values()], ids=[*"12345", *TOUCHED]
)
def test_a_state_that_was_touched_is_refused(state: str) -> None:
    with pytest.raises(InvalidLoginAttemptError):
        resume_attempt(KEY, state)


@pytest.mark.parametrize("minutes", [61, -5])
def test_an_attempt_lasts_an_hour(
    monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    attempt = begin_attempt(KEY, "/")
    monkeypatch.setattr(
        login_attempts, "now", lambda: clock.now() + timedelta(minutes=59)
    )
    assert resume_attempt(KEY, attempt.state) == attempt

    monkeypatch.setattr(
        login_attempts, "now", lambda: clock.now() + timedelta(minutes=minutes)
    )

    with pytest.raises(InvalidLoginAttemptError):
        resume_attempt(KEY, attempt.state)


MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [-1, 0, 3599])
def test_an_attempt_is_taken_up_from_a_second_before_it_began_to_the_end_of_the_hour(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(login_attempts, "now", lambda: MOMENT)
    attempt = begin_attempt(KEY, "/")
    monkeypatch.setattr(
        login_attempts, "now", lambda: MOMENT + timedelta(seconds=seconds)
    )

    assert resume_attempt(KEY, attempt.state) == attempt


@pytest.mark.parametrize("seconds", [-2, 3600])
def test_an_attempt_is_refused_outside_of_it(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(login_attempts, "now", lambda: MOMENT)
    attempt = begin_attempt(KEY, "/")
    monkeypatch.setattr(
        login_attempts, "now", lambda: MOMENT + timedelta(seconds=seconds)
    )

    with pytest.raises(InvalidLoginAttemptError):
        resume_attempt(KEY, attempt.state)


@pytest.mark.parametrize("body", ["not JSON", "[1, 2, 3]"])
def test_a_state_that_an_earlier_release_sealed_is_refused(body: str) -> None:
    encoded = login_attempts._encode(body.encode())

    with pytest.raises(InvalidLoginAttemptError):
        resume_attempt(
            KEY,
            f"{encoded}.{login_attempts._seal(KEY, login_attempts.LOGIN_STATE.purpose, encoded)}",
        )


@pytest.mark.parametrize(
    ("value", "is_one"),
    [(None, False), ("", False), ("short", False), (KEY, True)],
    ids=["none", "empty", "short", "drawn"],
)
def test_is_key_looks_at_the_length(value: str | None, *, is_one: bool) -> None:
    assert is_key(value) is is_one
