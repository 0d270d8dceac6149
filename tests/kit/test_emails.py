"""What a mail program reads in the headers of a mail."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

import pytest

from udi.kit.emails import Email

LONG = "Votre demande d’accès à «\N{NO-BREAK SPACE}Consommation d’électricité par îlot\N{NO-BREAK SPACE}» est accordée"


def compose(**changes: str) -> Message:
    """A mail as another program reads its bytes."""
    values = {
        "to": "ana@people.example",
        "subject": "Bonjour",
        "text": "Un mot.\n",
        "language": "fr",
        "id": "one",
        "sender": "no-reply@demo.example",
        **changes,
    }
    return message_from_bytes(Email(**values).compose().as_bytes())


@pytest.mark.parametrize("subject", [LONG, "Plain words", "Été " * 40 + "."])
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    header = compose(subject=subject)["Subject"]

    assert str(make_header(decode_header(header))) == subject
    assert all(len(line) < 79 for line in header.splitlines())


@pytest.mark.parametrize(
    "name", ["Armorine, les données du territoire", "Armorine, data", "Rade", ""]
)
def test_a_sender_is_one_address_with_its_name(name: str) -> None:
    header = compose(sender_name=name)["From"]

    [(words, address)] = getaddresses([header])
    assert str(make_header(decode_header(words))) == name
    assert address == "no-reply@demo.example"


def test_the_text_comes_first_and_stands_without_the_html() -> None:
    mail = compose(html="<p>Un mot.</p>")

    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    assert compose().get_content_type() == "text/plain"
