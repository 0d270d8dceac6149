"""The Spanish reader of agreements, written from the words on the page as the two of `heard`."""

from tests.protocol import heard
from tests.protocol.heard import Hear, Language

QUOTE = "«((?:[^»]|»»)*)»(?!»)"
DATE = (
    r"(?P<day>\d+) de (?P<month>[a-z]+) de (?P<year>\d{4}) a las (?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d))?"
)
MONTHS = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]
WORDS = {
    "la investigación": "research",
    "un servicio público": "public_service",
    "la enseñanza": "education",
    "la información al público": "information",
    "una actividad sin ánimo de lucro de habitantes o asociaciones": "civic",
    "una actividad comercial": "commercial",
    "los organismos públicos": "public_body",
    "los organismos de investigación": "research",
    "las asociaciones": "association",
    "las empresas": "company",
    "los particulares": "person",
    "organismo público": "public_body",
    "organismo de investigación": "research",
    "asociación": "association",
    "empresa": "company",
    "particular": "person",
    "dar o mostrar las filas a otras personas": "distribute",
    "buscar quién está detrás de una fila": "reidentify",
    "cruzar las filas con un archivo sobre personas": "combine_with_persons",
    "usar los datos para vender algo a personas": "prospect",
    "entrenar con los datos modelos que se entregan a otros": "train",
    "Los datos se guardan cifrados": "encrypted",
    "Solo leen los datos personas designadas, de las que se lleva una lista": "named_readers",
    "Los datos permanecen en la Unión Europea": "in_europe",
    "Los datos se eliminan al final": "deleted_at_end",
    "El responsable del proyecto anota quién lee los datos y cuándo": "logged",
}
SPANISH = Language(QUOTE, "»", WORDS, MONTHS, ".", ",")
CONDITIONS = {
    "=": f"es (?P<values>{QUOTE})",
    "≠": f"no es (?P<values>{QUOTE})",
    "<": f"es inferior a (?P<values>{QUOTE})",
    "≤": f"es (?P<values>{QUOTE}) o inferior",
    ">": f"es superior a (?P<values>{QUOTE})",
    "≥": f"es (?P<values>{QUOTE}) o superior",
    "∈": "es uno de estos valores: (?P<values>.+)",
    "∉": "no es ninguno de estos valores: (?P<values>.+)",
}
ROWS = f"Solo se leen las filas en que la columna (?P<column>{QUOTE}) "
SENTENCES: dict[str, Hear] = {
    r"Pueden solicitar el acceso para un proyecto: (.+)\.": heard.hear_requesters,
    r"El productor responde en (\d+) días? como máximo, sin contar la espera de respuestas a sus preguntas\.": heard.hear_answer,
    r"El acceso no se puede renovar\.": heard.hear_renewals,
    r"El acceso se puede renovar (\d+) ve(?:z|ces)\.": heard.hear_renewals,
    r"Los datos sirven para una de estas finalidades, y para nada más: (.+)\.": heard.hear_purposes,
    r"Los datos sirven para esta finalidad, y para nada más: (.+)\.": heard.hear_purposes,
    r"El proyecto sirve al interés general y dice cómo\.": heard.hear_interest,
    r"El acceso dura (\d+) mes(?:es)? como máximo\.": heard.hear_months,
    r"Se pueden leer todas las columnas\.": heard.hear_nothing("columns"),
    r"Solo se pueden leer estas columnas: (.+)\.": heard.hear_columns,
    r"Las demás columnas tampoco se pueden usar para filtrar, ordenar o calcular\.": heard.hear_nothing(
        "use of columns"
    ),
    r"Se pueden leer todas las filas\.": heard.hear_nothing("rows"),
    r"Una celda vacía no cumple ninguna de estas condiciones\.": heard.hear_nothing(
        "empty cells"
    ),
    **{
        f"{ROWS}{condition}\\.": heard.hear_row(sign)
        for sign, condition in CONDITIONS.items()
    },
    r"El volumen leído no está limitado\.": heard.hear_nothing("bytes"),
    r"El volumen leído es de (.+) al mes como máximo\.": heard.hear_bytes,
    r"El número de lecturas por minuto no está limitado\.": heard.hear_nothing("pace"),
    r"Hay como máximo ([\d.]+) lecturas? por minuto\.": heard.hear_pace,
    r"Está prohibido (.+)\.": heard.hear_forbidden,
    r"No se prohíbe ningún otro uso en particular\.": heard.hear_nothing("forbidden"),
    r"(Los datos se .+|Solo leen los datos .+|Los datos permanecen en la .+|El responsable del proyecto anota .+)\.": heard.hear_measure,
    r"No se pide ninguna protección en particular\.": heard.hear_nothing("measures"),
    r"Lo que se haga con los datos lleva esta mención: (.+)\.": heard.hear_attribution,
    r"No se pide ninguna mención\.": heard.hear_nothing("attribution"),
    r"El productor: (.+) \(([a-zóú ]+)\)\.": heard.hear_party("provider"),
    r"El responsable del proyecto: (.+) \(([a-zóú ]+)\)\.": heard.hear_party(
        "requester"
    ),
    r"El responsable del proyecto es un particular, que el portal conoce\.": heard.hear_party(
        "requester"
    ),
    r"El proyecto: (.+)\.": heard.hear_title("project"),
    r"El productor da acceso a este proyecto, y solo a él, al conjunto de datos restringido (.+)\.": heard.hear_title(
        "dataset"
    ),
    r"El acuerdo va del (?P<starts>.+) al (?P<ends>.+), en tiempo universal\.": heard.hear_period(
        DATE
    ),
    r"El acuerdo se muestra en esta dirección: (\S+)": heard.hear_page,
}
ALWAYS = {
    "Acuerdo de acceso a un conjunto de datos restringido",
    "Los datos permanecen en el productor, que los entrega directamente.",
    "Cuando termina, la lectura se cierra por sí sola.",
    "El productor puede suspender el acuerdo o ponerle fin, de inmediato o en una fecha anunciada. Dice por qué.",
    "El responsable del proyecto puede renunciar a él en cualquier momento.",
    "El nodo del productor comprueba este acuerdo en cada lectura.",
    "Anota cada lectura, para el productor y para el responsable del proyecto.",
}
READER = (SPANISH, heard.patterns_by_first_word(SENTENCES))
