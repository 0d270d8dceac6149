"""The words of quality, in the languages of the interface: bars, levels, and the act that would raise a criterion."""

from udi.protocol.quality import QualityBar, QualityLevel
from udi.protocol.texts import Texts

BAR_NAMES: dict[QualityBar, Texts] = {
    QualityBar.FIND: {"en": "Find", "fr": "Trouver", "es": "Encontrar"},
    QualityBar.REACH: {"en": "Reach", "fr": "Accéder", "es": "Acceder"},
    QualityBar.UNDERSTAND: {
        "en": "Understand",
        "fr": "Comprendre",
        "es": "Comprender",
    },
    QualityBar.REUSE: {"en": "Reuse", "fr": "Réutiliser", "es": "Reutilizar"},
    QualityBar.FRESH: {
        "en": "Up to date",
        "fr": "À jour",
        "es": "Actualización",
    },
}
LEVEL_NAMES: dict[QualityLevel, Texts] = {
    QualityLevel.MISSING: {"en": "missing", "fr": "absent", "es": "ausente"},
    QualityLevel.WEAK: {"en": "weak", "fr": "faible", "es": "bajo"},
    QualityLevel.FAIR: {"en": "fair", "fr": "moyen", "es": "medio"},
    QualityLevel.GOOD: {"en": "good", "fr": "bon", "es": "bueno"},
}
ACTS: dict[str, Texts] = {
    "title": {
        "en": "Give a title of several words that says what the data are about.",
        "fr": "Donnez un titre de plusieurs mots qui dit de quoi parlent les données.",
        "es": "Dé un título de varias palabras que diga de qué tratan los datos.",
    },
    "keywords": {
        "en": "Give three keywords or more, with words that the title lacks.",
        "fr": "Donnez trois mots-clés ou plus, avec des mots qui manquent au titre.",
        "es": "Dé tres palabras clave o más, con palabras que faltan en el título.",
    },
    "theme": {
        "en": "Choose a theme.",
        "fr": "Choisissez un thème.",
        "es": "Elija un tema.",
    },
    "area": {
        "en": "State the area covered.",
        "fr": "Indiquez la zone couverte.",
        "es": "Indique la zona que cubren los datos.",
    },
    "period": {
        "en": "State the period covered.",
        "fr": "Indiquez la période couverte.",
        "es": "Indique el período que cubren los datos.",
    },
    "file": {
        "en": "Add a file or a service.",
        "fr": "Ajoutez un fichier ou un service.",
        "es": "Añada un archivo o un servicio.",
    },
    "format": {
        "en": "Publish in an open format that programs read: CSV, GeoJSON…",
        "fr": "Publiez dans un format ouvert que les programmes lisent\u00a0: CSV, GeoJSON…",
        "es": "Publique en un formato abierto que lean los programas: CSV, GeoJSON…",
    },
    "description": {
        "en": "Describe the data in your own words: who collects them, how, and what for.",
        "fr": "Décrivez les données avec vos mots\u00a0: qui les recueille, comment et pour quoi faire.",
        "es": "Describa los datos con sus palabras: quién los recoge, cómo y para qué.",
    },
    "columns": {
        "en": "Give each column a clear name, or choose the model that the table follows.",
        "fr": "Donnez un nom clair à chaque colonne, ou choisissez le modèle que suit le tableau.",
        "es": "Dé un nombre claro a cada columna, o elija el modelo que sigue la tabla.",
    },
    "licence": {
        "en": "Choose a licence of the European list.",
        "fr": "Choisissez une licence de la liste européenne.",
        "es": "Elija una licencia de la lista europea.",
    },
    "contact": {
        "en": "Give an e-mail address for questions.",
        "fr": "Donnez une adresse électronique pour les questions.",
        "es": "Dé una dirección de correo electrónico para las preguntas.",
    },
    "frequency": {
        "en": "State how often the data are updated.",
        "fr": "Indiquez à quel rythme les données sont mises à jour.",
        "es": "Indique con qué frecuencia se actualizan los datos.",
    },
    "update": {
        "en": "Publish the version that is due, or correct the announced frequency.",
        "fr": "Publiez la version attendue, ou corrigez le rythme annoncé.",
        "es": "Publique la versión esperada, o corrija la frecuencia anunciada.",
    },
}
"""By criterion of `quality`: one sentence for who may do it."""
