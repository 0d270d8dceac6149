"""Who may read a dataset: the two answers of RUDI, in the EU's authority table of access rights."""

from enum import StrEnum

URI = "http://publications.europa.eu/resource/authority/access-right/"


class AccessRights(StrEnum):
    """Open to all, or opened by the producer to one project at a time."""

    PUBLIC = "public"
    RESTRICTED = "restricted"

    @property
    def uri(self) -> str:
        return URI + self.name

    @property
    def label(self) -> dict[str, str]:
        return LABELS[self]

    @property
    def explanation(self) -> dict[str, str]:
        return EXPLANATIONS[self]


LABELS = {
    AccessRights.PUBLIC: {"fr": "Ouverte", "en": "Open", "es": "Abierto"},
    AccessRights.RESTRICTED: {
        "fr": "Restreinte",
        "en": "Restricted",
        "es": "Restringido",
    },
}
EXPLANATIONS = {
    AccessRights.PUBLIC: {
        "fr": "Tout le monde peut télécharger ces données et s'en servir, sous les conditions de leur licence.",
        "en": "Everyone may download these data and use them, under the conditions of their licence.",
        "es": "Todo el mundo puede descargar estos datos y usarlos, en las condiciones de su licencia.",
    },
    AccessRights.RESTRICTED: {
        "fr": "Le producteur ouvre ces données à un projet à la fois, s'il est d'accord avec ce que le projet en fera.",
        "en": "The producer opens these data to one project at a time, if it agrees with what the project will do.",
        "es": "El productor abre estos datos a un proyecto cada vez, si está de acuerdo con lo que hará el proyecto.",
    },
}
