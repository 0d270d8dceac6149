"""The local mailbox: takes every mail, sends none on, and shows them on a page of this machine."""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import NoReturn

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar, MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig

from udi.cli.local import emails
from udi.settings import Settings, get_settings

TEMPLATES = Path(__file__).parent / "templates"
HOSTS = ("localhost", "127.0.0.1")
LARGEST = 25 * 1024**2
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
AnyRequest = Request[None, None, State]


class MailboxHandler:
    """The SMTP side: every mail becomes a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope
    ) -> str:
        """Keep the mail; the name is the one that aiosmtpd calls."""
        content = envelope.content or b""
        emails.store_email(
            self._folder, content if isinstance(content, bytes) else content.encode()
        )
        return "250 Kept on this machine"


@get("/")
async def show_list(request: AnyRequest) -> Template:
    """Every mail, newest first."""
    return Template(
        "list.html", context={"mails": emails.list_emails(request.app.state.folder)}
    )


@get("/mails/{name:str}")
async def show_email(request: AnyRequest, name: FromPath[str]) -> Template:
    """One mail: its text and its links."""
    mail = emails.find_email(request.app.state.folder, name)
    if mail is None:
        raise NotFoundException
    return Template("mail.html", context={"mail": mail})


@get("/mails/{name:str}/source", media_type=MediaType.TEXT)
async def show_source(request: AnyRequest, name: FromPath[str]) -> bytes:
    """One mail as it came."""
    source = emails.read_source(request.app.state.folder, name)
    if source is None:
        raise NotFoundException
    return source


@get("/mailbox.css", media_type=MediaType.CSS)
async def show_style() -> bytes:
    """The one style sheet."""
    return (TEMPLATES / "mailbox.css").read_bytes()


@get("/health")
async def show_health() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


def _refuse_other_hosts(request: AnyRequest) -> Response[str] | None:
    """A page elsewhere must not read these mails by pointing its own name at this machine."""
    if request.url.hostname in HOSTS:
        return None
    return Response(
        "This mailbox answers on localhost only.",
        status_code=400,
        media_type=MediaType.TEXT,
    )


def _not_found(_request: AnyRequest, _error: Exception) -> Response[str]:
    return Response(
        "There is no such mail.", status_code=404, media_type=MediaType.TEXT
    )


def create_app(folder: Path) -> Litestar:
    """The page over one folder of mails; read-only."""
    return Litestar(
        [show_list, show_email, show_source, show_style, show_health],
        template_config=TemplateConfig(directory=TEMPLATES, engine=JinjaTemplateEngine),
        before_request=_refuse_other_hosts,
        exception_handlers={NotFoundException: _not_found},
        response_headers=HEADERS,
        openapi_config=None,
        logging_config=None,
        state=State({"folder": folder}),
    )


async def serve(folder: Path, *, web_port: int, smtp_port: int) -> None:
    """Run both sides on loopback until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    keeper = MailboxHandler(folder)
    smtp = await loop.create_server(
        lambda: SMTP(
            keeper,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="localhost",
            loop=loop,
        ),
        "127.0.0.1",
        smtp_port,
    )
    web = Server(
        create_app(folder),
        address="127.0.0.1",
        port=web_port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.error,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, web.stop)
    async with smtp:
        await web.serve()


def mailbox(settings: Settings) -> NoReturn:
    """`udi mailbox`: run the mailbox of this installation, then leave the process."""
    folder = settings.state / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    # Its lower levels write addresses.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    asyncio.run(
        serve(
            folder,
            web_port=settings.port(3),
            smtp_port=settings.smtp_port or settings.port(6),
        )
    )
    # Everything is closed; the threads of the embedded server can abort an ordinary end (1 of 60 under load).
    os._exit(0)


if __name__ == "__main__":
    mailbox(get_settings())
