"""What a mail address looks like, wherever one is typed, pushed or harvested."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import udi
from udi.kit.mail_addresses import is_mail_address, mail_url


@pytest.mark.parametrize(
    "address",
    [
        "contact@ville.example",
        "o'neil+data@service.ville.example",
        "a?b&c%d=e#f/g@ville.example",
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
        "dpo@ville.example?bcc=spy%40evil.example",
        "dpo@ville.example&bcc=spy",
        "dpo@ville%40evil.example",
        "dpo@ville=x.example",
        "dpo@ville.example#x",
        "dpo@ville.example/x",
        "dpo@ville?x.example",
        "dpo\x00@ville.example",
        "dpo@ville\x7f.example",
        f"{'a' * 201}@ville.example",
        f"a@{'b' * 250}.fr",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert not is_mail_address(address)


def test_mail_url_leads_to_the_address_and_to_nobody_else() -> None:
    url = mail_url("dpo?bcc=spy%40evil.example&to=a#b@ville.example")

    parts = urlsplit(url)
    assert (parts.scheme, parts.query, parts.fragment) == ("mailto", "", "")
    assert unquote(parts.path) == "dpo?bcc=spy%40evil.example&to=a#b@ville.example"
    assert mail_url("contact@ville.example") == "mailto:contact@ville.example"


def test_every_template_quotes_the_address_of_a_mail_link() -> None:
    folder = Path(udi.__file__).parent
    templates = {path: path.read_text() for path in folder.rglob("*.html")}

    assert [
        path for path, text in templates.items() if re.search(r"mailto:\s*\{", text)
    ] == []
    assert len([text for text in templates.values() if "|mail_url" in text]) > 20


def test_no_module_writes_the_address_of_a_mail_by_hand() -> None:
    folder = Path(udi.__file__).parent
    modules = {path: path.read_text() for path in folder.rglob("*.py")}

    assert [
        path.name for path, text in modules.items() if re.search(r"mailto:\{", text)
    ] == ["mail_addresses.py"]
