"""What a token of a kind must say to be taken, and until when what is known of somebody counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from udi.kit import confirmation, credentials
from udi.kit.confirmation import (
    FRESH_FOR,
    VALID_FOR,
    is_confirmation_fresh,
    is_confirmation_valid,
)
from udi.kit.credentials import (
    LEEWAY,
    LONGEST_JTI,
    InvalidSignatureError,
    SecretKind,
    SignedTokenKind,
)

KIND = SignedTokenKind(
    typ="udi-order+jwt", scope="order", lifetime=timedelta(minutes=5)
)
ISSUER = "https://portal.example.org"
AUDIENCE = "https://node.example.org"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ABSENT = object()


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (credentials, confirmation):
        monkeypatch.setattr(module, "now", lambda: NOW)


def claims(**changed: object) -> dict[str, Any]:
    """Those of a good token, some changed or left out."""
    token_claims = KIND.write(subject="a", issuer=ISSUER, audience=AUDIENCE) | changed
    return {name: value for name, value in token_claims.items() if value is not ABSENT}


def test_read_returns_what_a_good_token_says() -> None:
    token_claims = claims(jti="x" * LONGEST_JTI)

    signed = KIND.read(
        {"typ": KIND.typ}, token_claims, issuer=ISSUER, audience=AUDIENCE
    )

    assert (signed.subject, signed.jti) == ("a", token_claims["jti"])
    assert int(signed.expires_at.timestamp()) == token_claims["exp"]


@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}, {"typ": "udi-reading+jwt"}])
def test_read_refuses_another_kind(header: dict[str, str]) -> None:
    with pytest.raises(InvalidSignatureError, match="another typ"):
        KIND.read(header, claims(), issuer=ISSUER, audience=AUDIENCE)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("iss", (ABSENT, "", AUDIENCE, [ISSUER])),
        ("aud", (ABSENT, "", ISSUER, [AUDIENCE])),
        ("scope", (ABSENT, "", "reading", "order reading", ["order"])),
        ("sub", (ABSENT, "", None, 7)),
        ("jti", (ABSENT, "", None, 7, "x" * (LONGEST_JTI + 1))),
        ("exp", (ABSENT, None, "9999999999", 9999999999.5)),
    ],
)
def test_read_refuses_a_claim_that_is_absent_or_another(
    name: str, values: tuple[object, ...]
) -> None:
    for value in values:
        with pytest.raises(InvalidSignatureError):
            KIND.read(
                {"typ": KIND.typ},
                claims(**{name: value}),
                issuer=ISSUER,
                audience=AUDIENCE,
            )


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (-LEEWAY, "has been out of date for 30 s by the clock of this machine"),
        (KIND.lifetime + LEEWAY + SECOND, "would last 31 s longer than its kind by the clock of this machine"),
    ],
)  # fmt: skip
def test_read_says_by_how_much_a_token_is_over_or_lasts_longer_than_its_kind(
    ahead: timedelta, words: str
) -> None:
    token_claims = claims(exp=int((NOW + ahead).timestamp()))

    with pytest.raises(InvalidSignatureError, match=words):
        KIND.read({"typ": KIND.typ}, token_claims, issuer=ISSUER, audience=AUDIENCE)


@pytest.mark.parametrize("ahead", [-LEEWAY + SECOND, KIND.lifetime + LEEWAY])
def test_read_accepts_the_first_and_the_last_moment_of_its_kind(
    ahead: timedelta,
) -> None:
    token_claims = claims(exp=int((NOW + ahead).timestamp()))

    assert KIND.read({"typ": KIND.typ}, token_claims, issuer=ISSUER, audience=AUDIENCE)


def test_a_secret_is_long_and_only_its_digest_is_kept() -> None:
    kind = SecretKind(name="key", prefix="udi_")
    secret = kind.generate()

    assert secret != kind.generate()
    assert len(secret) >= len("udi_") + 43
    assert (kind.matches(secret), kind.matches(secret[1:])) == (True, False)
    assert len(kind.digest(secret)) == 32
    assert secret.encode() not in kind.digest(secret)
    assert (
        kind.hexdigest(secret)
        == kind.digest(secret).hex()
        != kind.hexdigest(secret + "x")
    )


@pytest.mark.parametrize(
    ("counts", "longest"),
    [(is_confirmation_valid, VALID_FOR), (is_confirmation_fresh, FRESH_FOR)],
)
def test_what_is_known_of_somebody_counts_for_so_long(
    counts: Any, longest: timedelta
) -> None:
    assert not counts(None)
    assert counts(NOW)
    assert counts(NOW - longest)
    assert not counts(NOW - longest - SECOND)
