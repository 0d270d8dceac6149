"""Words of the labelled files: headers in five languages, invented family names, values that speak of people.

Each list is cut in two: the first part is for files on which detectors were tuned, the other for files kept apart.
"""

from dataclasses import dataclass

LANGUAGES = ("fr", "en", "de", "es", "it")
TUNED = 0
UNSEEN = 1
SYLLABLES = (
    (
        "Ker",
        "vad",
        "bran",
        "tol",
        "mer",
        "quil",
        "dan",
        "ros",
        "pel",
        "gue",
        "lam",
        "bor",
    ),
    (
        "Zor",
        "fim",
        "hul",
        "vek",
        "sab",
        "drin",
        "cor",
        "nup",
        "wes",
        "jal",
        "tyr",
        "oll",
    ),
)
"""Family names are made of these, so that they are nobody's."""
ENDINGS = (("ou", "ec", "ian", "ard"), ("ix", "und", "ello", "ez"))
GIVEN = {
    "fr": (
        ("Camille", "Louise", "Hugo", "Manon", "Jules"),
        ("Léa", "Nathan", "Chloé", "Arthur"),
    ),
    "en": (
        ("Emily", "Jack", "Olivia", "Harry", "Grace"),
        ("Thomas", "Sophie", "George", "Alice"),
    ),
    "de": (
        ("Anna", "Lukas", "Maria", "Peter", "Julia"),
        ("Paul", "Clara", "Martin", "Sarah"),
    ),
    "es": (
        ("Carmen", "Pablo", "Lucia", "Antonio", "Elena"),
        ("Sofia", "Daniel", "Laura", "David"),
    ),
    "it": (
        ("Marco", "Giulia", "Paolo", "Elena", "Luca"),
        ("Nicola", "Simone", "Chiara", "Andrea"),
    ),
}
OTHER_SCRIPTS = (
    (
        "Ирина Ковердова",
        "Павел Трубников",
        "Ελένη Δομάνου",
        "Νίκος Βαρέλης",
        "Олена Гардієнко",
    ),
    (
        "سلمى الدرعاوي",
        "يوسف بلقرن",
        "Дарья Лозинцева",
        "Γιώργος Κεφαλάκος",
        "דנה ברקוביץ",
    ),
)
PLACES = ("Nord", "Sud", "Centre", "Port", "Gare")


@dataclass(frozen=True)
class Words:
    """Headers of one language for one field: those of tuned files, and those of files kept apart."""

    tuned: tuple[str, ...]
    unseen: tuple[str, ...]

    def of(self, part: int) -> tuple[str, ...]:
        return (self.tuned, self.unseen)[part]


HEADERS = {
    "family": {
        "fr": Words(("Nom", "NOM"), ("Nom de famille",)),
        "en": Words(("Last name", "Surname"), ("Family name",)),
        "de": Words(("Nachname", "Familienname"), ("Name",)),
        "es": Words(("Apellidos",), ("Primer apellido",)),
        "it": Words(("Cognome",), ("COGNOME",)),
    },
    "given": {
        "fr": Words(("Prénom",), ("Prénom usuel",)),
        "en": Words(("First name",), ("Given name",)),
        "de": Words(("Vorname",), ("Rufname",)),
        "es": Words(("Nombre",), ("Nombre de pila",)),
        "it": Words(("Nome",), ("NOME",)),
    },
    "birth": {
        "fr": Words(("Date de naissance", "Né(e) le"), ("Naissance",)),
        "en": Words(("Date of birth", "DOB"), ("Born on",)),
        "de": Words(("Geburtsdatum",), ("Geboren am",)),
        "es": Words(("Fecha de nacimiento",), ("F. nacimiento",)),
        "it": Words(("Data di nascita",), ("Nato/a il",)),
    },
    "full": {
        "fr": Words(("Nom et prénom", "Demandeur"), ("Bénéficiaire",)),
        "en": Words(("Full name", "Applicant"), ("Resident",)),
        "de": Words(("Name", "Antragsteller"), ("Vor- und Nachname",)),
        "es": Words(("Nombre y apellidos", "Solicitante"), ("Titular",)),
        "it": Words(("Nome e cognome", "Richiedente"), ("Nominativo",)),
    },
    "grave": {
        "fr": Words(
            ("Concessionnaire", "Nom de la concession"), ("Titulaire de la concession",)
        ),
        "en": Words(("Grave holder",), ("Plot holder",)),
        "de": Words(("Nutzungsberechtigte",), ("Grabinhaber",)),
        "es": Words(("Titular de la sepultura",), ("Concesionario",)),
        "it": Words(("Concessionario",), ("Intestatario",)),
    },
    "phone": {
        "fr": Words(("Portable", "Tél."), ("N° de mobile",)),
        "en": Words(("Mobile", "Phone"), ("Cell phone",)),
        "de": Words(("Handy", "Telefon"), ("Mobilnummer",)),
        "es": Words(("Móvil", "Teléfono"), ("Celular",)),
        "it": Words(("Cellulare", "Telefono"), ("Numero di cellulare",)),
    },
    "remark": {
        "fr": Words(("Commentaire", "Observations"), ("Suivi",)),
        "en": Words(("Comment", "Notes"), ("Remarks",)),
        "de": Words(("Bemerkung", "Notiz"), ("Anmerkung",)),
        "es": Words(("Comentario", "Observaciones"), ("Notas",)),
        "it": Words(("Commento", "Note"), ("Osservazioni",)),
    },
    "health": {
        "fr": Words(("Arrêt maladie", "Handicap"), ("Motif d'absence",)),
        "en": Words(("Sick leave", "Disability"), ("Absence reason",)),
        "de": Words(("Krankschreibung", "Behinderung"), ("Abwesenheitsgrund",)),
        "es": Words(("Baja médica", "Discapacidad"), ("Motivo de ausencia",)),
        "it": Words(("Malattia", "Disabilità"), ("Motivo assenza",)),
    },
    "status": {
        "fr": Words(("Situation familiale", "État civil"), ("Situation de famille",)),
        "en": Words(("Marital status",), ("Civil status",)),
        "de": Words(("Familienstand",), ("Zivilstand",)),
        "es": Words(("Estado civil",), ("Situación familiar",)),
        "it": Words(("Stato civile",), ("Stato di famiglia",)),
    },
    "tax": {
        "fr": Words(("Numéro fiscal", "N° fiscal"), ("SPI",)),
        "en": Words(("National Insurance number",), ("NINO",)),
        "de": Words(("Steuer-ID", "Steueridentifikationsnummer"), ("Steuernummer",)),
        "es": Words(("NIF", "DNI"), ("Identificación",)),
        "it": Words(("Codice fiscale",), ("CF",)),
    },
}
FAMILY_OF = {
    "fr": "Famille",
    "en": "Family",
    "de": "Familie",
    "es": "Familia",
    "it": "Famiglia",
}
STATUSES = {
    "fr": ("Marié(e)", "Célibataire", "Divorcé", "Veuve", "Pacsé"),
    "en": ("Married", "Single", "Divorced", "Widowed"),
    "de": ("verheiratet", "ledig", "geschieden", "verwitwet"),
    "es": ("casado", "soltera", "divorciado", "viuda"),
    "it": ("coniugato", "celibe", "nubile", "vedova"),
}
HEALTH = {
    "fr": ("Arrêt maladie", "RQTH", "Accident du travail", "Congé maternité"),
    "en": ("Sick leave", "Disabled", "Maternity leave", "Work accident"),
    "de": ("krankgeschrieben", "schwerbehindert", "Mutterschutz", "Arbeitsunfall"),
    "es": ("baja médica", "discapacidad 33 %", "accidente laboral", "baja maternal"),
    "it": ("malattia", "invalidità", "infortunio", "maternità"),
}
SENTENCES = {
    "fr": (
        "Rappel demandé par {name} pour le portail cassé.",
        "Vu avec {name} au guichet, dossier complet.",
    ),
    "en": (
        "Call received from {name} about the gate.",
        "Seen with {name} at the desk, file complete.",
    ),
    "de": (
        "Anruf von {name} wegen der Laterne am Platz.",
        "Mit {name} am Schalter geklärt, Akte fertig.",
    ),
    "es": (
        "Llamada de {name} por la farola rota ayer.",
        "Hablado con {name} en ventanilla, todo listo.",
    ),
    "it": (
        "Chiamata di {name} per il lampione rotto.",
        "Parlato con {name} allo sportello, pratica pronta.",
    ),
}
NOTHING = {
    "fr": "Rien à signaler sur ce point cette semaine.",
    "en": "Nothing to report on this point this week.",
    "de": "Diese Woche ist hier nichts zu melden gewesen.",
    "es": "Nada que señalar en este punto esta semana.",
    "it": "Niente da segnalare su questo punto oggi.",
}
STREET = {
    "fr": "rue des Essais",
    "en": "Trial Street",
    "de": "Probestrasse",
    "es": "calle Prueba",
    "it": "via Prova",
}
TREES = {
    "fr": ("genre", "espece", "age", "quartier", "circonference"),
    "en": ("genus", "species", "age", "district", "girth"),
    "de": ("gattung", "baumart", "alter", "ort", "umfang"),
    "es": ("genero", "especie", "edad", "ciudad", "perimetro_tronco"),
    "it": ("genere", "specie", "eta", "citta", "circonferenza"),
}
GENERA = ("Quercus", "Tilia", "Platanus", "Acer", "Betula", "Prunus")
ELECTION = {
    "fr": (
        ("Candidat", "Voix", "Bureau de vote", "Inscrits"),
        ("Tête de liste", "Suffrages", "Bureau", "Exprimés"),
    ),
    "en": (
        ("Candidate", "Votes", "Polling station", "Party"),
        ("Candidate name", "Ballots", "Ward", "Turnout"),
    ),
    "de": (
        ("Kandidat", "Stimmen", "Wahlkreis", "Partei"),
        ("Bewerber", "Wahlstimmen", "Wahlbezirk", "Liste"),
    ),
    "es": (
        ("Candidato", "Votos", "Mesa electoral", "Partido"),
        ("Cabeza de lista", "Sufragios", "Distrito", "Censo"),
    ),
    "it": (
        ("Candidato", "Voti", "Seggio", "Lista"),
        ("Capolista", "Preferenze", "Sezione elettorale", "Votanti"),
    ),
}
CONTRACTS = {
    "fr": (
        "Objet du marché",
        "Titulaire",
        "Montant HT",
        "Date de notification",
        "Acheteur",
    ),
    "en": ("Contract subject", "Contractor", "Contract value", "Award date", "Buyer"),
    "de": (
        "Auftragsgegenstand",
        "Auftragnehmer",
        "Auftragswert",
        "Zuschlag am",
        "Auftraggeber",
    ),
    "es": (
        "Objeto del contrato",
        "Adjudicatario",
        "Importe de adjudicación",
        "Fecha",
        "Órgano de contratación",
    ),
    "it": (
        "Oggetto del contratto",
        "Aggiudicatario",
        "Importo di aggiudicazione",
        "Data",
        "Stazione appaltante",
    ),
}
FORMS = {"fr": "SARL", "en": "Ltd", "de": "GmbH", "es": "SL", "it": "Srl"}
