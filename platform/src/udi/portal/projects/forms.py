"""What forms say of projects, and projects as forms show them."""

from collections.abc import Collection
from typing import Any

from udi.portal.organisations.models import Organisation
from udi.portal.projects.actions.describe import TRANSLATED, ProjectInput
from udi.portal.projects.models import Project
from udi.portal.projects.translated_texts import (
    offered_languages,
    read_texts_by_language,
)
from udi.ui.translated_texts import swap_main_texts

TEXTS = (
    "title",
    "summary",
    "words",
    "leader_name",
    "organisation",
    "requester",
    "purpose",
    "scale",
    "url",
    "impact",
)


def read_project_input(
    form: Any, languages: Collection[str], written: str, project: Project | None = None
) -> ProjectInput:
    """What was typed; `form` may hold a name several times.

    `languages` are those of the territory, `written` the one in which the texts are, or begin.
    """
    form = swap_main_texts(form, TRANSLATED, written, offered_languages(languages))
    main_language, translations = read_texts_by_language(
        form,
        TRANSLATED,
        languages,
        written,
        project.translations if project else {},
    )
    texts: dict[str, Any] = {name: str(form.get(name) or "") for name in TEXTS}
    audience, support = (
        tuple(str(choice) for choice in form.getall(name, []))
        for name in ("audience", "support")
    )
    return ProjectInput(
        **texts,
        audience=audience,
        support=support,
        language=main_language,
        translations=translations,
    )


def project_input_of(
    project: Project, organisation: Organisation | None
) -> ProjectInput:
    """What is said of a project now."""
    texts = {name: getattr(project, name) for name in TEXTS if name != "organisation"}
    return ProjectInput(
        **texts,
        organisation=organisation.slug if organisation else "",
        audience=tuple(project.audience),
        support=tuple(project.support),
        language=project.language,
        translations=project.translations,
    )
