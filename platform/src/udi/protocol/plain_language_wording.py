"""The words of terms, policies and agreements in each language: short sentences, one idea in each.

`{name}` places are filled by `plain`. Between quotation marks stands what was written by others, to the letter; a
closing mark inside it is doubled.
"""

from dataclasses import dataclass

from udi.protocol.policy import Requester
from udi.protocol.terms import Measure, Operator, Prohibition, Purpose

NARROW = "\u202f"
SPACE = "\u00a0"


@dataclass(frozen=True)
class TermsWording:
    """A language."""

    open: str
    close: str
    point: str
    """Between units and decimals."""
    group: str
    """Between thousands."""
    bytes: tuple[str, str]
    """One, several."""
    units: tuple[str, ...]
    """1000, 1000², 1000³, 1000⁴ bytes."""
    months: tuple[str, ...]
    first: str
    """The first day of a month."""
    date: str
    time: str
    seconds: str
    purposes: dict[Purpose, str]
    requesters: dict[Requester, str]
    leaders: dict[Requester, str]
    operators: dict[Operator, str]
    prohibitions: dict[Prohibition, str]
    measures: dict[Measure, str]
    sentences: dict[str, str]


FRENCH = TermsWording(
    open=f"«{SPACE}",
    close=f"{SPACE}»",
    point=",",
    group=NARROW,
    bytes=("octet", "octets"),
    units=("ko", "Mo", "Go", "To"),
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    first="1er",
    date="{day} {month} {year} à {time}",
    time=f"{{hour}}{SPACE}h{SPACE}{{minute:02}}",
    seconds=f"{SPACE}min{SPACE}{{second:02}}{SPACE}s",
    purposes={
        Purpose.RESEARCH: "la recherche",
        Purpose.PUBLIC_SERVICE: "un service public",
        Purpose.EDUCATION: "l’enseignement",
        Purpose.INFORMATION: "l’information du public",
        Purpose.CIVIC: "une activité sans but lucratif d’habitants ou d’associations",
        Purpose.COMMERCIAL: "une activité commerciale",
    },
    requesters={
        Requester.PUBLIC_BODY: "les organismes publics",
        Requester.RESEARCH: "les organismes de recherche",
        Requester.ASSOCIATION: "les associations",
        Requester.COMPANY: "les entreprises",
        Requester.PERSON: "les particuliers",
    },
    leaders={
        Requester.PUBLIC_BODY: "organisme public",
        Requester.RESEARCH: "organisme de recherche",
        Requester.ASSOCIATION: "association",
        Requester.COMPANY: "entreprise",
        Requester.PERSON: "particulier",
    },
    operators={
        Operator.EQ: "vaut {value}",
        Operator.NEQ: "ne vaut pas {value}",
        Operator.LT: "est inférieure à {value}",
        Operator.LTEQ: "est inférieure ou égale à {value}",
        Operator.GT: "est supérieure à {value}",
        Operator.GTEQ: "est supérieure ou égale à {value}",
        Operator.IS_ANY_OF: f"est l’une de ces valeurs{SPACE}: {{value}}",
        Operator.IS_NONE_OF: f"n’est aucune de ces valeurs{SPACE}: {{value}}",
    },
    prohibitions={
        Prohibition.DISTRIBUTE: "Il est interdit de donner ou de montrer les lignes à d’autres.",
        Prohibition.REIDENTIFY: "Il est interdit de chercher qui est derrière une ligne.",
        Prohibition.COMBINE_WITH_PERSONS: "Il est interdit de croiser les lignes avec un fichier de personnes.",
        Prohibition.PROSPECT: "Il est interdit de démarcher des personnes grâce aux données.",
        Prohibition.TRAIN: "Il est interdit d’entraîner avec les données des modèles remis à d’autres.",
    },
    measures={
        Measure.ENCRYPTED: "Les données sont gardées chiffrées.",
        Measure.NAMED_READERS: "Seules des personnes nommées, dont la liste est tenue, lisent les données.",
        Measure.IN_EUROPE: "Les données restent dans l’Union européenne.",
        Measure.DELETED_AT_END: "Les données sont effacées à la fin.",
        Measure.LOGGED: "Le porteur du projet note qui lit les données, et quand.",
    },
    sentences={
        "requesters": f"Peuvent demander l’accès pour un projet{SPACE}: {{list}}.",
        "answer_one": "Le producteur répond en 1 jour au plus, sans compter l’attente de réponses à ses questions.",
        "answer": "Le producteur répond en {days} jours au plus, sans compter l’attente de réponses à ses questions.",
        "renewals_none": "L’accès ne se renouvelle pas.",
        "renewals_one": "L’accès peut se renouveler 1 fois.",
        "renewals": "L’accès peut se renouveler {times} fois.",
        "purposes": f"Les données servent à l’une de ces finalités, et à rien d’autre{SPACE}: {{list}}.",
        "purpose": f"Les données servent à cette finalité, et à rien d’autre{SPACE}: {{purpose}}.",
        "general_interest": "Le projet sert l’intérêt général et dit comment.",
        "months_one": "L’accès dure 1 mois au plus.",
        "months": "L’accès dure {months} mois au plus.",
        "columns_all": "Toutes les colonnes peuvent être lues.",
        "columns": f"Seules ces colonnes peuvent être lues{SPACE}: {{list}}.",
        "columns_use": "Les autres colonnes ne servent pas non plus à filtrer, à trier ni à calculer.",
        "rows_all": "Toutes les lignes peuvent être lues.",
        "rows": "Seules sont lues les lignes où la colonne {column} {condition}.",
        "rows_empty": "Une case vide ne remplit aucune de ces conditions.",
        "bytes_none": "Le volume lu n’est pas limité.",
        "bytes": "Le volume lu ne dépasse pas {size} par mois.",
        "requests_none": "Le nombre de lectures par minute n’est pas limité.",
        "requests_one": "Il y a au plus 1 lecture par minute.",
        "requests": "Il y a au plus {count} lectures par minute.",
        "prohibitions_none": "Aucun autre usage n’est interdit en particulier.",
        "measures_none": "Aucune protection n’est demandée en particulier.",
        "attribution_none": "Aucune mention n’est demandée.",
        "attribution": f"Ce qui est fait des données porte cette mention{SPACE}: {{text}}.",
        "title": "Convention d’accès à un jeu de données restreint",
        "article_parties": "Les parties",
        "article_data": "Les données",
        "article_purpose": "La finalité",
        "article_read": "Ce qui peut être lu",
        "article_forbidden": "Ce qui est interdit",
        "article_measures": "Les protections",
        "article_duration": "La durée",
        "article_end": "La fin",
        "article_where": "Là où la convention s’applique",
        "provider": f"Le producteur{SPACE}: {{name}} ({{kind}}).",
        "requester": f"Le porteur du projet{SPACE}: {{name}} ({{kind}}).",
        "provider_person": "Le producteur est un particulier, que le portail connaît.",
        "requester_person": "Le porteur du projet est un particulier, que le portail connaît.",
        "project": f"Le projet{SPACE}: {{title}}.",
        "dataset": "Le producteur ouvre à ce projet, et à lui seul, le jeu de données restreint {title}.",
        "stays": "Les données restent chez le producteur, qui les remet directement.",
        "period": "La convention va du {start} au {end}, en temps universel.",
        "ends_itself": "À sa fin, la lecture se ferme d’elle-même.",
        "revocation": "Le producteur peut suspendre la convention ou y mettre fin, tout de suite ou à une date annoncée."
        " Il dit pourquoi.",
        "giving_up": "Le porteur du projet peut y renoncer à tout moment.",
        "where": "Le nœud du producteur vérifie cette convention à chaque lecture.",
        "logged": "Il note chaque lecture, pour le producteur et pour le porteur du projet.",
        "page": f"La convention se lit à cette adresse{SPACE}: {{page}}",
    },
)
ENGLISH = TermsWording(
    open="“",
    close="”",
    point=".",
    group=",",
    bytes=("byte", "bytes"),
    units=("kB", "MB", "GB", "TB"),
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    first="1",
    date="{day} {month} {year} at {time}",
    time="{hour:02}:{minute:02}",
    seconds=":{second:02}",
    purposes={
        Purpose.RESEARCH: "research",
        Purpose.PUBLIC_SERVICE: "a public service",
        Purpose.EDUCATION: "teaching",
        Purpose.INFORMATION: "informing the public",
        Purpose.CIVIC: "a non-profit activity of inhabitants or associations",
        Purpose.COMMERCIAL: "a commercial activity",
    },
    requesters={
        Requester.PUBLIC_BODY: "public bodies",
        Requester.RESEARCH: "research bodies",
        Requester.ASSOCIATION: "associations",
        Requester.COMPANY: "companies",
        Requester.PERSON: "private persons",
    },
    leaders={
        Requester.PUBLIC_BODY: "public body",
        Requester.RESEARCH: "research body",
        Requester.ASSOCIATION: "association",
        Requester.COMPANY: "company",
        Requester.PERSON: "private person",
    },
    operators={
        Operator.EQ: "is {value}",
        Operator.NEQ: "is not {value}",
        Operator.LT: "is below {value}",
        Operator.LTEQ: "is {value} or below",
        Operator.GT: "is above {value}",
        Operator.GTEQ: "is {value} or above",
        Operator.IS_ANY_OF: "is one of these values: {value}",
        Operator.IS_NONE_OF: "is none of these values: {value}",
    },
    prohibitions={
        Prohibition.DISTRIBUTE: "It is forbidden to give or show the rows to others.",
        Prohibition.REIDENTIFY: "It is forbidden to look for who is behind a row.",
        Prohibition.COMBINE_WITH_PERSONS: "It is forbidden to join the rows with a file about people.",
        Prohibition.PROSPECT: "It is forbidden to canvass people by means of the data.",
        Prohibition.TRAIN: "It is forbidden to train models with the data that are given to others.",
    },
    measures={
        Measure.ENCRYPTED: "The data are kept encrypted.",
        Measure.NAMED_READERS: "Only named persons, of whom a list is kept, read the data.",
        Measure.IN_EUROPE: "The data stay in the European Union.",
        Measure.DELETED_AT_END: "The data are deleted at the end.",
        Measure.LOGGED: "The project's leader notes who reads the data, and when.",
    },
    sentences={
        "requesters": "These may ask for access for a project: {list}.",
        "answer_one": "The producer answers within 1 day, waiting for answers to its questions not counted.",
        "answer": "The producer answers within {days} days, waiting for answers to its questions not counted.",
        "renewals_none": "Access cannot be renewed.",
        "renewals_one": "Access may be renewed 1 time.",
        "renewals": "Access may be renewed {times} times.",
        "purposes": "The data serve one of these purposes, and nothing else: {list}.",
        "purpose": "The data serve this purpose, and nothing else: {purpose}.",
        "general_interest": "The project serves the general interest and says how.",
        "months_one": "Access lasts 1 month at most.",
        "months": "Access lasts {months} months at most.",
        "columns_all": "All columns may be read.",
        "columns": "Only these columns may be read: {list}.",
        "columns_use": "The other columns may not be used to filter, sort or compute either.",
        "rows_all": "All rows may be read.",
        "rows": "Only those rows are read where the column {column} {condition}.",
        "rows_empty": "An empty cell meets none of these conditions.",
        "bytes_none": "The volume read is not limited.",
        "bytes": "The volume read is at most {size} a month.",
        "requests_none": "The number of readings a minute is not limited.",
        "requests_one": "There is at most 1 reading a minute.",
        "requests": "There are at most {count} readings a minute.",
        "prohibitions_none": "No other use is forbidden in particular.",
        "measures_none": "No protection is asked for in particular.",
        "attribution_none": "No mention is asked for.",
        "attribution": "What is made of the data bears this mention: {text}.",
        "title": "Agreement on access to a restricted dataset",
        "article_parties": "The parties",
        "article_data": "The data",
        "article_purpose": "The purpose",
        "article_read": "What may be read",
        "article_forbidden": "What is forbidden",
        "article_measures": "The protections",
        "article_duration": "The duration",
        "article_end": "The end",
        "article_where": "Where the agreement applies",
        "provider": "The producer: {name} ({kind}).",
        "requester": "The project's leader: {name} ({kind}).",
        "provider_person": "The producer is a private person, whom the portal knows.",
        "requester_person": "The project's leader is a private person, whom the portal knows.",
        "project": "The project: {title}.",
        "dataset": "The producer opens to this project, and to it alone, the restricted dataset {title}.",
        "stays": "The data stay with the producer, who hands them over directly.",
        "period": "The agreement goes from {start} to {end}, in universal time.",
        "ends_itself": "When it ends, reading closes by itself.",
        "revocation": "The producer may suspend the agreement or end it, at once or on a date it announces. It says why.",
        "giving_up": "The project's leader may give it up at any moment.",
        "where": "The producer's node checks this agreement at each reading.",
        "logged": "It notes each reading, for the producer and for the project's leader.",
        "page": "The agreement is shown at this address: {page}",
    },
)
WORDS = {"fr": FRENCH, "en": ENGLISH}
