"""Rendering: the Jinja environment of a program and what every page is given."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import lru_cache, partial
from gettext import NullTranslations
from pathlib import Path
from types import CodeType
from typing import Any
from urllib.parse import quote

from jinja2 import (
    BytecodeCache,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
)
from jinja2.bccache import Bucket
from litestar import Response
from markupsafe import Markup

from udi.kit.identity import Actor
from udi.kit.mail_addresses import mail_url
from udi.kit.service_registry import Hook
from udi.kit.tenancy import Territory
from udi.ui import assets, formats, glyphs, motif
from udi.ui.declarations import conformity
from udi.ui.dependencies import AnyRequest
from udi.ui.errors import PATH_SIGNS
from udi.ui.languages import text_direction
from udi.ui.locale import (
    LANGUAGE_FOLDERS,
    LANGUAGES,
    SOURCE,
    lang_attribute,
    load_translations,
    localise,
    localise_title,
    requested_language,
    title_lang_attribute,
)
from udi.ui.page_environment import PageEnvironment

UI_FOLDER = Path(__file__).parent
REFUSED = 400
PAGE_ADDRESSES = Hook[tuple[str, str]]("addresses of pages")
"""What templates call `urls`: the name of a page, and its path."""
MESSAGES = 10_000
FOOTER_FACTS = ("territory", "program", "urls", "conformity", "logout_url")
"""What the footer says besides words: it may say nothing of the page that it ends."""
MOST_FOOTERS = 500


def _make_translator(translations: NullTranslations) -> Callable[..., Markup]:
    """`gettext` for templates, where a message without values is made ready to be shown once and for all."""

    @lru_cache(MESSAGES)
    def ready(message: str) -> Markup:
        return Markup(translations.gettext(message))  # noqa: S704 - templates name messages, never what people wrote

    def say(message: str, **values: Any) -> Markup:
        translation = ready(message)
        if values or "%" in translation:
            return translation % values
        return translation

    return say


def _make_text_translator(translations: NullTranslations) -> Callable[..., str]:
    """`gettext` for texts that are not HTML: nothing is escaped."""

    def say(message: str, **values: Any) -> str:
        translation = translations.gettext(message)
        if values or "%" in translation:
            return translation % values
        return translation

    return say


class TemplateCache(BytecodeCache):
    """What templates were compiled to: the words come later, so that one code serves every language."""

    def __init__(self) -> None:
        self._cached: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """The code, where the template is still what it was made of."""
        checksum, code = self._cached.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it while the program runs."""
        if bucket.code is not None:
            self._cached[bucket.key] = bucket.checksum, bucket.code


class PageRenderer:
    """The templates of a program, one environment a language."""

    def __init__(self, templates: Mapping[str, Path], locales: Sequence[Path]) -> None:
        self._compiled = TemplateCache()
        self._footers: dict[Hashable, Markup] = {}
        folders = {"ui": UI_FOLDER / "templates", **templates}
        self._translations = load_translations(
            [UI_FOLDER / "locale", *locales, *LANGUAGE_FOLDERS]
        )
        self._require_languages()
        loader = PrefixLoader(
            {name: FileSystemLoader(folder) for name, folder in folders.items()}
        )
        self._environments = {
            code: self._environment(loader, code) for code in self._translations
        }
        compiled_texts = TemplateCache()
        self._text_environments = {
            code: self._text_environment(environment, code, compiled_texts)
            for code, environment in self._environments.items()
        }

    def _require_languages(self) -> None:
        """Refuse to start with a language of which there is no message.

        Raises:
            ValueError: the folder of a language lacks its messages.
        """
        for code in LANGUAGES:
            if code not in self._translations:
                raise ValueError(
                    f"The language “{code}” has no message: its folder lacks {code}.po."
                )

    def _environment(self, loader: PrefixLoader, language: str) -> Environment:
        environment = PageEnvironment(
            loader=loader,
            bytecode_cache=self._compiled,
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        translations = self._translations[language]
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
        environment.globals.update(
            dict.fromkeys(
                ("_", "gettext"), _make_translator(self._translations[language])
            )
        )
        environment.filters.update(formats.FILTERS)
        environment.filters["mail_url"] = mail_url
        environment.filters["localised"] = partial(localise, language=language)
        environment.filters["tongue"] = partial(lang_attribute, language=language)
        environment.filters["title_tongue"] = partial(
            title_lang_attribute, language=language
        )
        environment.filters["localised_title"] = lambda thing: localise_title(
            thing.title, thing.titles, language
        )
        environment.filters["translated"] = partial(
            formats.translate_message, self._translations[language].gettext
        )
        environment.globals.update(
            locale=language,
            direction=text_direction(language),
            assets=assets,
            motif=motif,
            glyphs=glyphs,
            languages=LANGUAGES,
        )
        return environment

    def _text_environment(
        self, environment: Environment, language: str, compiled: TemplateCache
    ) -> Environment:
        text = environment.overlay(autoescape=False, bytecode_cache=compiled)
        say = _make_text_translator(self._translations[language])
        text.globals = {**environment.globals, "_": say, "gettext": say}
        return text

    def environment(self, language: str) -> Environment:
        """The templates in a language, for HTML."""
        return self._environments.get(language) or self._environments[SOURCE]

    def text_environment(self, language: str) -> Environment:
        """The same for texts: nothing is escaped."""
        return self._text_environments.get(language) or self._text_environments[SOURCE]

    def gettext(self, language: str, message: str) -> str:
        """A message in a language."""
        translations = self._translations.get(language) or self._translations[SOURCE]
        if message:
            return translations.gettext(message)
        return ""

    def translator(self, request: AnyRequest) -> Callable[[str], str]:
        """`gettext` in the reader's language."""
        return partial(self.gettext, request.scope["state"].get("locale", SOURCE))

    def compose(
        self, language: str, template: str, *, zone: tzinfo, **context: Any
    ) -> str:
        """A text in a language for no request: a file that leaves."""
        environment = self.environment(language)
        with formats.in_zone(zone):
            return environment.get_template(template).render(context)

    def render(
        self,
        request: AnyRequest,
        template: str,
        *,
        status: int = 200,
        **context: Any,
    ) -> Response[str]:
        """An HTML answer; pages of someone logged in are kept by nobody else."""
        language = request.scope["state"]["locale"]
        territory: Territory | None = request.scope["state"].get("territory")
        page = self._page_context(request)
        page["footer"] = self._find_footer(language, page)
        with formats.in_zone(territory.zone if territory else UTC):
            body = (
                self._environments[language]
                .get_template(template)
                .render({**page, "status": status, **context})
            )
        private = (
            request.scope["state"].get("actor") is not None or request.method != "GET"
        )
        headers = {
            "Content-Language": language,
            "Cache-Control": "no-store"
            if private or status >= REFUSED
            else "private, no-cache",
            "Vary": "Accept-Language, Cookie",
        }
        return Response(
            body, media_type="text/html", status_code=status, headers=headers
        )

    def _find_footer(self, language: str, page: Mapping[str, Any]) -> Markup:
        """The end of a page, which is the same on all of a territory: made once for each language, with and without login."""
        territory: Territory | None = page["territory"]
        is_logged_in = page["actor"] is not None
        key = (language, territory and territory.fingerprint, is_logged_in)
        if key not in self._footers:
            template = self._environments[language].get_template("ui/_footer.html")
            facts = {name: page[name] for name in FOOTER_FACTS}
            footer = template.render(facts, is_logged_in=is_logged_in)
            if len(self._footers) >= MOST_FOOTERS:
                self._footers.clear()
            self._footers[key] = Markup(footer)  # noqa: S704 - a template of ours made it
        return self._footers[key]

    def _page_context(self, request: AnyRequest) -> dict[str, Any]:
        site = request.app.state.site
        state = request.scope["state"]
        territory: Territory | None = state.get("territory")
        actor: Actor | None = state.get("actor")
        path = quote(request.url.path, safe=PATH_SIGNS, errors="replace")
        back = quote(
            path + (f"?{request.url.query}" if request.url.query else ""),
            safe="/",
            errors="replace",
        )
        offered = territory.languages if territory else tuple(LANGUAGES)
        return {
            "territory": territory,
            "actor": actor,
            "inbox_count": state.get("inbox_count"),
            "program": site.program,
            "path": path,
            "language_asked": requested_language(request) == state["locale"],
            "canonical": f"{territory.origin if territory else ''}{path}",
            "navigation": [
                (label, url, path == url or path.startswith(f"{url}/"))
                for label, url in site.navigation(request)
            ],
            "alternate_languages": [
                (code, LANGUAGES[code], f"/language/{code}?back={back}")
                for code in offered
                if code in LANGUAGES and code != state["locale"]
            ],
            "login_url": f"/login?back={back}",
            "logout_url": "/logout",
            "urls": dict(site.services.contributions(PAGE_ADDRESSES)),
            "conformity": conformity(),
        }
