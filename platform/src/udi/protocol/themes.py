"""The fourteen themes of RUDI's nodes, their names, drawings and EU data themes; and the labels used before them."""

import re
import unicodedata
from dataclasses import dataclass

URI = "http://publications.europa.eu/resource/authority/data-theme/"


@dataclass(frozen=True)
class Theme:
    """A theme; its code is also the key of its drawing in `ui.glyphs`."""

    code: str
    label: dict[str, str]
    authority: str

    @property
    def uri(self) -> str:
        return URI + self.authority

    @property
    def glyph(self) -> str:
        return self.code


_TABLE = (
    (
        "transportation",
        "Mobilité et transports",
        "Mobility and transport",
        "Movilidad y transporte",
        "TRAN",
    ),
    (
        "environment",
        "Nature et environnement",
        "Nature and environment",
        "Naturaleza y medio ambiente",
        "ENVI",
    ),
    (
        "energyNetworks",
        "Énergie et réseaux",
        "Energy and networks",
        "Energía y redes",
        "ENER",
    ),
    ("townPlanning", "Urbanisme", "Town planning", "Urbanismo", "REGI"),
    ("housing", "Logement", "Housing", "Vivienda", "SOCI"),
    ("publicSpace", "Espace public", "Public space", "Espacio público", "REGI"),
    (
        "culture",
        "Culture, sport et loisirs",
        "Culture, sport and leisure",
        "Cultura, deporte y ocio",
        "EDUC",
    ),
    ("education", "Éducation", "Education", "Educación", "EDUC"),
    ("children", "Enfance", "Childhood", "Infancia", "SOCI"),
    ("health", "Santé et sécurité", "Health and safety", "Salud y seguridad", "HEAL"),
    (
        "society",
        "Vie sociale et solidarité",
        "Social life and solidarity",
        "Vida social y solidaridad",
        "SOCI",
    ),
    (
        "economy",
        "Économie et budget",
        "Economy and budget",
        "Economía y presupuesto",
        "ECON",
    ),
    ("citizenship", "Citoyenneté", "Citizenship", "Ciudadanía", "GOVE"),
    (
        "location",
        "Cartes et repères géographiques",
        "Maps and geography",
        "Mapas y geografía",
        "REGI",
    ),
)
THEMES = {
    code: Theme(code, {"fr": fr, "en": en, "es": es}, authority)
    for code, fr, en, es, authority in _TABLE
}

_EU_TABLE = (
    (
        "AGRI",
        "Agriculture, pêche, sylviculture et alimentation",
        "Agriculture, fisheries, forestry and food",
        "Agricultura, pesca, silvicultura y alimentación",
    ),
    ("ECON", "Économie et finances", "Economy and finance", "Economía y finanzas"),
    (
        "EDUC",
        "Éducation, culture et sport",
        "Education, culture and sport",
        "Educación, cultura y deportes",
    ),
    ("ENER", "Énergie", "Energy", "Energía"),
    ("ENVI", "Environnement", "Environment", "Medio ambiente"),
    (
        "GOVE",
        "Gouvernement et secteur public",
        "Government and public sector",
        "Gobierno y sector público",
    ),
    ("HEAL", "Santé", "Health", "Salud"),
    (
        "INTR",
        "Questions internationales",
        "International issues",
        "Asuntos internacionales",
    ),
    (
        "JUST",
        "Justice, sécurité et ordre public",
        "Justice, security and public order",
        "Justicia, seguridad y orden público",
    ),
    ("OP_DATPRO", "Données provisoires", "Provisional data", "Datos provisionales"),
    ("REGI", "Régions et villes", "Regions and cities", "Regiones y ciudades"),
    ("SOCI", "Population et société", "Population and society", "Población y sociedad"),
    (
        "TECH",
        "Science et technologie",
        "Science and technology",
        "Ciencia y tecnología",
    ),
    ("TRAN", "Transports", "Transport", "Transporte"),
)
EU_THEMES = {code: {"fr": fr, "en": en, "es": es} for code, fr, en, es in _EU_TABLE}
"""The EU's data themes, by the codes of its table, in words."""

# What nodes wrote before themes had codes (RUDI until 2022), and usual variants.
_OLD = {
    "transportation": (
        "Mobilité, Transport",
        "Mobilité",
        "Transport",
        "Transports",
        "Déplacements",
        "Mobility",
    ),
    "environment": ("Environnement", "Nature"),
    "energyNetworks": (
        "Réseaux, Energie",
        "Énergie, Réseaux",
        "Énergie",
        "Réseaux",
        "Energy",
    ),
    "townPlanning": ("Urbanisme", "Aménagement du territoire", "Urban planning"),
    "housing": ("Logement", "Habitat"),
    "publicSpace": ("Espace public", "Espaces publics"),
    "culture": (
        "Culture, Sports, Loisirs",
        "Culture, Sport, Loisirs",
        "Culture, Patrimoine",
    ),
    "education": ("Education", "Enseignement"),
    "children": ("Enfance", "Petite enfance", "Enfance, Jeunesse"),
    "health": ("Santé, Sécurité", "Santé"),
    "society": ("Social", "Société", "Solidarité"),
    "economy": ("Economie", "Budget", "Finances"),
    "citizenship": ("Citoyenneté", "Citoyens"),
    "location": ("Référentiels géographiques", "Localisation", "Cartographie"),
}


def translate_theme(label: str) -> str | None:
    """The code of a theme from its code, name or old label, accents and case not mattering; None if unknown."""
    return _CODES.get(_normalise(label[:200]))


def _normalise(label: str) -> str:
    plain = (
        unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    )
    return " ".join(re.findall(r"[a-z0-9]+", plain))


_CODES = {_normalise(label): code for code, labels in _OLD.items() for label in labels}
_CODES |= {
    _normalise(name): theme.code
    for theme in THEMES.values()
    for name in (theme.code, *theme.label.values())
}
