"""What a mail address looks like, wherever one is typed, pushed or harvested."""

import pytest

from udi.kit.mail_addresses import is_mail_address


@pytest.mark.parametrize(
    "address",
    [
        "contact@ville.example",
        "o'neil+data@service.ville.example",
        "élodie@mairie-réunie.example",
        f"{'a' * 200}@ville.example",
        f"a@{'b' * 249}.fr",
    ],
)
def test_an_address_is_one(address: str) -> None:
    assert is_mail_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ville.example",
        "contact@ville",
        "contact@ville.e",
        "contact@ville.example.",
        "contact@@ville.example",
        "@ville.example",
        "con tact@ville.example",
        "contact@ville.example\n",
        "Contact <contact@ville.example>",
        "a@ville.example,b@ville.example",
        "a@ville.example;b",
        '"a b"@ville.example',
        "mailto:contact@ville.example",
        f"{'a' * 201}@ville.example",
        f"a@{'b' * 250}.fr",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert not is_mail_address(address)
