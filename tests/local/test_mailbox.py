import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path

import pytest

import udi
from udi.cli.local import emails, ports
from udi.settings import Settings

pytestmark = pytest.mark.programs

SOURCE = os.environ | {"PYTHONPATH": str(Path(udi.__file__).parents[1])}
Answer = tuple[int, str, dict[str, str]]


@pytest.fixture(scope="module")
def settings(lasting_settings: Settings) -> Settings:
    return lasting_settings


@pytest.fixture(scope="module")
def mailbox(settings: Settings) -> Iterator[Path]:
    """A running mailbox; its folder."""
    address = {
        "UDI_STATE": str(settings.state),
        "UDI_BASE_PORT": str(settings.base_port),
    }
    command = [sys.executable, "-m", "udi.cli.local.mailbox"]
    with subprocess.Popen(command, env=SOURCE | address) as process:
        deadline = time.monotonic() + 60
        while (
            not ports.answers(settings.port(3), "/health")
            and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        yield settings.state / "mail"
        process.terminate()
    assert process.returncode == 0


def _send(settings: Settings, message: EmailMessage) -> None:
    message["From"], message["To"] = "territoire@demo.example", "ana@demo.example"
    with smtplib.SMTP("127.0.0.1", settings.port(6)) as smtp:
        smtp.send_message(message)


def find(mailbox: Path, subject: str) -> emails.ReceivedEmail:
    """The mail of this subject, which one test sent."""
    [mail] = [mail for mail in emails.list_emails(mailbox) if mail.subject == subject]
    return mail


def _get(settings: Settings, path: str, host: str = "localhost") -> Answer:
    connection = HTTPConnection("127.0.0.1", settings.port(3), timeout=60)
    connection.request("GET", path, headers={"Host": f"{host}:{settings.port(3)}"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return (
        answer.status,
        body,
        {name.lower(): value for name, value in answer.getheaders()},
    )


def test_a_mail_is_kept_and_shown_with_its_links(
    mailbox: Path, settings: Settings
) -> None:
    message = EmailMessage()
    message["Subject"] = "Réinitialisez votre <mot de passe>"
    message.set_content("Bonjour,\n\nSuivez https://demo.example/reset?key=a&b=1.\n")
    message.add_alternative(
        '<p>Bonjour</p><a href="https://demo.example/html">ici</a>', subtype="html"
    )

    _send(settings, message)
    listed = _get(settings, "/")
    mail = find(mailbox, str(message["Subject"]))
    mail_page = _get(settings, f"/mails/{mail.id}")
    source = _get(settings, f"/mails/{mail.id}/source")

    assert mail.links == (
        "https://demo.example/reset?key=a&b=1",
        "https://demo.example/html",
    )
    assert (
        f'<a href="/mails/{mail.id}">Réinitialisez votre &lt;mot de passe&gt;</a>'
        in listed[1]
    )
    assert 'href="https://demo.example/reset?key=a&amp;b=1"' in mail_page[1]
    assert "<mot" not in mail_page[1]
    assert mail_page[2]["content-security-policy"].startswith(
        "default-src 'none'; style-src 'self';"
    )
    assert source[2]["content-type"].startswith("text/plain")
    assert "To: ana@demo.example" in source[1]


def test_a_mail_in_html_only_is_shown_as_text_without_running_it(
    mailbox: Path, settings: Settings
) -> None:
    message = EmailMessage()
    message["Subject"] = "HTML"
    message.set_content(
        '<style>p{}</style><p>Vous êtes invité</p><script>alert(1)</script><a href="javascript:x">x</a>',
        subtype="html",
    )

    _send(settings, message)
    mail = find(mailbox, str(message["Subject"]))

    assert mail.text == "Vous êtes invitéx"
    assert mail.links == ()
    assert "<script" not in _get(settings, f"/mails/{mail.id}")[1]


def test_an_unknown_mail_is_not_found(mailbox: Path, settings: Settings) -> None:
    assert mailbox.is_dir()
    assert [
        _get(settings, path)[0]
        for path in ("/mails/none", "/mails/..%2f..%2fsecrets/source", "/other")
    ] == [
        404,
        404,
        404,
    ]


def test_other_names_of_this_machine_are_refused(
    mailbox: Path, settings: Settings
) -> None:
    assert mailbox.is_dir()
    assert _get(settings, "/", host="localhost")[0] == 200
    assert _get(settings, "/", host="mail.attacker.example")[0] == 400


def test_the_oldest_mails_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emails, "MAX_EMAILS", 2)

    mail_ids = [emails.store_email(tmp_path, b"Subject: x\r\n\r\n") for _ in range(3)]

    assert [mail.id for mail in emails.list_emails(tmp_path)] == [
        mail_ids[2],
        mail_ids[1],
    ]


def test_a_mail_with_an_unknown_charset_is_still_shown(tmp_path: Path) -> None:
    name = emails.store_email(
        tmp_path,
        b"Subject: x\r\nContent-Type: text/plain; charset=martian\r\n\r\nhello",
    )

    mail = emails.find_email(tmp_path, name)

    assert mail
    assert mail.text == "hello"
