"""The tables of the labelled set: those of people, those of services and offices, and what only looks like either."""

from collections.abc import Callable, Iterator

from tests.node import personal_words as words
from tests.node.personal_set import (
    ENGLISH_FULL,
    FULL,
    ROWS,
    Draw,
    Labelled,
    amount,
    british,
    british_phone,
    column,
    day,
    digits,
    english_given,
    english_home,
    family,
    foreign_phone,
    french_day,
    given,
    home,
    iban,
    mail,
    nir,
    number,
    of,
    phone,
    plate,
    remark,
    service_mail,
    upper_family,
)
from tests.node.typed_tables import TextColumn
from udi.tabular.columns.column import ColumnType
from udi.tabular.personal.explanations import PersonalDataKind

Table = list[Labelled]
NAME_HEADERS = (
    "Contact",
    "Responsable",
    "Nom et prénom",
    "nom_du_demandeur",
    "Agent",
    "NOM_PROPRIETAIRE",
    "Nom",
    "col1",
)
ENGLISH_HEADERS = (
    "Full name",
    "Owner",
    "Contact name",
    "Ops Officer",
    "Applicant",
    "field_2",
)
BIRTH_HEADERS = (
    "Date de naissance",
    "DATENAISS",
    "Né(e) le",
    "ddn",
    "dateNaissance",
    "birth_date",
    "Date of Birth",
    "DOB",
)


def staff(draw: Draw) -> Iterator[Table]:
    for names in (
        ("Nom", "Prénom"),
        ("NOM", "PRENOM"),
        ("nom_famille", "prenom_usuel"),
        ("col1", "col2"),
    ):
        yield [
            column(
                draw,
                names[0],
                upper_family,
                PersonalDataKind.FAMILY_NAME,
                PersonalDataKind.FULL_NAME,
            ),
            column(draw, names[1], given, PersonalDataKind.GIVEN_NAME),
            column(
                draw,
                draw.choice(("Courriel", "mail", "adresse_mail", "col3")),
                mail,
                PersonalDataKind.EMAIL,
            ),
            column(
                draw,
                draw.choice(("Téléphone", "tel_portable", "Mobile")),
                phone("67"),
                PersonalDataKind.PHONE,
            ),
            column(draw, "Service", of(words.SERVICES)),
            column(draw, "Date d'entrée", day(2005, 2025), kind=ColumnType.DATE),
        ]
    for names in (
        ("Last name", "First name"),
        ("surname", "given_name"),
        ("LastName", "FirstName"),
    ):
        yield [
            column(draw, names[0], british, PersonalDataKind.FAMILY_NAME),
            column(draw, names[1], english_given, PersonalDataKind.GIVEN_NAME),
            column(draw, "E-mail", mail, PersonalDataKind.EMAIL),
            column(draw, "Mobile phone", british_phone, PersonalDataKind.PHONE),
            column(draw, "Department", of(("Planning", "Finance", "Parks", "Housing"))),
            column(draw, "Start date", day(2005, 2025), kind=ColumnType.DATE),
        ]


def named(draw: Draw) -> Iterator[Table]:
    for index, header in enumerate(NAME_HEADERS):
        yield [
            column(draw, header, FULL[index % len(FULL)], PersonalDataKind.FULL_NAME),
            column(
                draw,
                "Objet de la demande",
                of(("Permis", "Voirie", "Bruit", "Éclairage")),
            ),
            column(draw, "Date de dépôt", day(2022, 2025), kind=ColumnType.DATE),
            column(draw, "Adresse du demandeur", home, PersonalDataKind.ADDRESS),
            column(draw, "Montant", amount, kind=ColumnType.NUMBER),
        ]
    for index, header in enumerate(ENGLISH_HEADERS):
        yield [
            column(
                draw,
                header,
                ENGLISH_FULL[index % len(ENGLISH_FULL)],
                PersonalDataKind.FULL_NAME,
            ),
            column(draw, "Amount", amount, kind=ColumnType.NUMBER),
            column(draw, "Home address", english_home, PersonalDataKind.ADDRESS),
            column(draw, "Received", day(2022, 2025), kind=ColumnType.DATE),
        ]


def born(draw: Draw) -> Iterator[Table]:
    for index, header in enumerate(BIRTH_HEADERS):
        as_text = index % 2
        yield [
            column(draw, "Prénom" if index < 5 else "First name", given, PersonalDataKind.GIVEN_NAME, public=True),
            column(draw, header, french_day, PersonalDataKind.BIRTH_DATE) if as_text
            else column(draw, header, day(1930, 2012), PersonalDataKind.BIRTH_DATE, kind=ColumnType.DATE),
            column(draw, "Activité", of(("Judo", "Danse", "Théâtre", "Natation"))),
            column(draw, "Date d'inscription", day(2023, 2025), kind=ColumnType.DATE),
        ]  # fmt: skip
    yield [
        column(
            draw,
            "annee_naissance",
            number(1930, 2012),
            PersonalDataKind.BIRTH_YEAR,
            PersonalDataKind.SMALL_GROUP,
            public=True,
            kind=ColumnType.YEAR,
        ),
        column(draw, "activite", of(("Judo", "Danse"))),
    ]


def numbered(draw: Draw) -> Iterator[Table]:
    for header in (
        "NIR",
        "num_secu",
        "Numéro de sécurité sociale",
        "col4",
        "identifiant",
    ):
        for gap in ("", " "):
            yield [
                column(
                    draw,
                    header,
                    lambda d, gap=gap: nir(d, gap=gap),
                    PersonalDataKind.NIR,
                    filled=0.9,
                ),
                column(
                    draw, "Prestation", of(("Aide au repas", "Transport", "Cantine"))
                ),
                column(draw, "Montant", amount, kind=ColumnType.NUMBER),
            ]
    yield [
        column(draw, "nir", lambda d: nir(d, right=False), PersonalDataKind.NIR),
        column(draw, "montant", amount),
    ]
    yield [
        column(draw, "N° sécu", lambda d: nir(d, gap=" ")[:-3], PersonalDataKind.NIR),
        column(draw, "montant", amount),
    ]
    for header in ("IBAN", "compte", "RIB", "col2"):
        yield [
            column(
                draw,
                header,
                lambda d: iban(d, gap=d.random() < 0.5),
                PersonalDataKind.IBAN,
                filled=0.8,
            ),
            column(draw, "Subvention", amount, kind=ColumnType.NUMBER),
            column(draw, "Domaine", of(("Sport", "Culture", "Jeunesse"))),
        ]
    yield [
        column(draw, "iban", lambda d: iban(d, right=False), PersonalDataKind.IBAN),
        column(draw, "montant", amount),
    ]
    for header in ("Immatriculation", "plaque", "licence plate", "vehicule", "col5"):
        yield [
            column(draw, header, plate, PersonalDataKind.PLATE),
            column(draw, "Horodatage", day(2024, 2025), kind=ColumnType.DATE),
            column(draw, "Zone", of(("A", "B", "C"))),
        ]


def reached(draw: Draw) -> Iterator[Table]:
    """Telephones and mails under many names, and in texts."""
    for header in ("tel", "telephone_usager", "Numéro de téléphone", "contact", "col7"):
        for value in (phone("67"), phone("67", "."), phone("67", ""), foreign_phone):
            yield [
                column(draw, header, value, PersonalDataKind.PHONE),
                column(draw, "motif", of(("Eau", "Voirie", "Arbre"))),
            ]
    for header in (
        "e-mail",
        "courriel_demandeur",
        "Adresse électronique",
        "contact",
        "col7",
    ):
        yield [
            column(draw, header, mail, PersonalDataKind.EMAIL, filled=0.7),
            column(draw, "motif", of(("Eau", "Voirie"))),
        ]
    for extra, what in (
        (mail, PersonalDataKind.EMAIL),
        (phone("67"), PersonalDataKind.PHONE),
        (
            lambda d: f"Voir avec {d.choice(('M.', 'Mme'))} {family(d)}.",
            PersonalDataKind.NAME_IN_TEXT,
        ),
    ):
        yield [
            column(draw, "Commentaire", remark(extra), what),
            column(draw, "Rue", of(words.STREETS)),
        ]


def single(draw: Draw) -> Iterator[Table]:
    """Nobody is named, and yet."""
    for language in ("fr", "en"):
        if language == "fr":
            heads = ("sexe", "age", "code_postal", "profession", "maladie")
        else:
            heads = (
                "gender", "age", "postcode", "occupation", "diagnosis")  # fmt: skip
        group = PersonalDataKind.SMALL_GROUP
        yield [
            column(draw, heads[0], of(("F", "H")), group),
            column(draw, heads[1], number(18, 95), group, kind=ColumnType.INTEGER),
            column(
                draw,
                heads[2],
                of(("29000", "29100", "29200", "56000")),
                group,
                kind=ColumnType.POSTCODE,
            ),
            column(draw, heads[3], of(words.JOBS), group),
            column(
                draw,
                heads[4],
                of(("Asthme", "Diabète", "Aucune")),
                PersonalDataKind.SPECIAL,
                public=True,
            ),
            column(draw, "montant", amount, kind=ColumnType.NUMBER),
        ]


def offices(draw: Draw) -> Iterator[Table]:
    for heads in (
        ("Nom de l'élu", "Prénom de l'élu", "Mandat"),
        ("nom", "prenom", "fonction_elective"),
    ):
        yield [
            column(
                draw, heads[0], upper_family, PersonalDataKind.FAMILY_NAME, public=True
            ),
            column(draw, heads[1], given, PersonalDataKind.GIVEN_NAME, public=True),
            column(draw, heads[2], of(("Maire", "Adjoint", "Conseiller"))),
            column(draw, "commune", of(words.TOWNS)),
            column(
                draw, "Date de début du mandat", day(2020, 2024), kind=ColumnType.DATE
            ),
        ]
    yield [
        column(draw, "Maire", FULL[1], PersonalDataKind.FULL_NAME, public=True),
        column(draw, "Commune", of(words.TOWNS)),
        column(draw, "Population", number(100, 9000), kind=ColumnType.INTEGER),
    ]
    yield [
        column(
            draw, "Councillor", ENGLISH_FULL[0], PersonalDataKind.FULL_NAME, public=True
        ),
        column(draw, "Ward", of(("North", "South", "Harbour"))),
    ]
    for heads in (
        ("Mairie", "Courriel", "Téléphone"),
        ("nom_service", "mail_service", "tel_service"),
    ):
        yield [
            column(draw, heads[0], of(words.TOWNS)),
            column(draw, heads[1], service_mail, PersonalDataKind.EMAIL, public=True),
            column(draw, heads[2], phone("12345"), PersonalDataKind.PHONE, public=True),
            column(draw, "Adresse", home),
            column(
                draw,
                "Site",
                lambda d: (
                    f"https://www.{d.choice(('mairie', 'ville'))}{d.randint(1, 999)}.example/0612345678"
                ),
            ),
        ]


def similar_columns(draw: Draw) -> Iterator[Table]:
    """What only looks like people."""
    for heads in (
        ("voie", "Nom de la voie"),
        ("street_name", "libelle_voie"),
        ("toponyme", "nom_arret"),
    ):
        yield [
            column(draw, heads[0], of(words.STREETS)),
            column(draw, heads[1], lambda d: d.choice(words.STREETS).partition(" ")[2]),
            column(draw, "commune", of(words.TOWNS)),
            column(
                draw,
                "code_insee",
                lambda d: f"29{d.randint(1, 300):03}",
                kind=ColumnType.COMMUNE,
            ),
            column(
                draw,
                "x",
                lambda d: f"{d.uniform(140000, 300000):.10f}",
                kind=ColumnType.NUMBER,
            ),
            column(
                draw,
                "latitude",
                lambda d: f"{d.uniform(47, 49):.15f}",
                kind=ColumnType.LATITUDE,
            ),
            column(
                draw,
                "coordonnees",
                lambda d: f"{d.uniform(47, 49):.9f},{d.uniform(-5, -1):.9f}",
                kind=ColumnType.POINT,
            ),
        ]
    for heads in (
        ("siret", "raison_sociale"),
        ("SIRET", "Nom"),
        ("Identifiant", "Titulaire"),
        ("id", "Supplier Name"),
    ):
        english = heads[1].startswith("Supplier")
        yield [
            column(draw, heads[0], digits(14)),
            column(
                draw,
                heads[1],
                of(words.ENGLISH_COMPANIES if english else words.COMPANIES),
            ),
            column(draw, "montant", amount, kind=ColumnType.NUMBER),
            column(draw, "date_notification", day(2015, 2025), kind=ColumnType.DATE),
            column(draw, "adresse", home),
        ]
    for heads in (
        ("reference", "code_article"),
        ("Product code", "sku"),
        ("code", "lot"),
    ):
        yield [
            column(draw, heads[0], plate),
            column(draw, heads[1], lambda d: f"0{d.randint(100000000, 799999999)}"),
            column(draw, "EAN", digits(13)),
            column(draw, "numero_serie", digits(15)),
            column(
                draw,
                "uuid",
                lambda d: f"{d.getrandbits(128):032x}",
                kind=ColumnType.UUID,
            ),
            column(
                draw,
                "version",
                lambda d: (
                    f"{d.randint(1, 9)}.{d.randint(0, 20)}.{d.randint(0, 9)}.{d.randint(0, 9)}"
                ),
            ),
        ]
    yield from _places(draw)
    yield from _statistics(draw)


def _places(draw: Draw) -> Iterator[Table]:
    for header in ("nom", "Nom de l'école", "etablissement", "name"):
        yield [
            column(draw, header, of(words.SCHOOLS)),
            column(draw, "commune", of(words.TOWNS)),
            column(draw, "nature", of(("École maternelle", "Collège", "Lycée"))),
            column(draw, "effectif", number(40, 900), kind=ColumnType.INTEGER),
            column(draw, "handicap_acces", of(("oui", "non", "partiel"))),
        ]
    yield [
        column(draw, "nom_francais", of(words.TREES)),
        column(draw, "Domanialité", of(("Jardin", "Alignement", "École"))),
        column(draw, "date_plantation", day(1920, 2020), kind=ColumnType.DATE),
        column(draw, "circonference", number(10, 300), kind=ColumnType.INTEGER),
        column(draw, "remarque", remark()),
    ]
    yield [
        column(draw, "Nom", of(words.TOWNS)),
        column(draw, "Maître d'ouvrage", of(words.COMPANIES)),
        column(draw, "mise_en_service", day(1960, 2024), kind=ColumnType.DATE),
        column(
            draw,
            "compteur",
            lambda d: (
                f"FR{d.randint(10, 99)}{''.join(d.choice('0123456789') for _ in range(14))}"
            ),
        ),
        column(
            draw,
            "serveur_version",
            lambda d: f"1.{d.randint(0, 9)}.{d.randint(0, 9)}.{d.randint(0, 9)}",
        ),
    ]


def _statistics(draw: Draw) -> Iterator[Table]:
    yield [
        column(draw, "annee", number(1990, 2024), kind=ColumnType.YEAR),
        column(draw, "sexe", of(("F", "M"))),
        column(draw, "prenom", of(words.GIVEN)),
        column(draw, "nombre", number(3, 200), kind=ColumnType.INTEGER),
    ]
    ages = ("0-19", "20-39", "40-59", "60 et plus")
    crossed = [
        (town, sex, age)
        for town in words.TOWNS[:8]
        for sex in ("F", "H")
        for age in ages
    ][:ROWS]
    rows = [
        Labelled(TextColumn(name, [row[index] for row in crossed]))
        for index, name in enumerate(("commune", "sexe", "age"))
    ]
    yield [*rows, column(draw, "habitants", number(20, 4000), kind=ColumnType.INTEGER)]
    yield [
        column(draw, "commune", of(words.TOWNS)),
        column(draw, "naissances_domiciliees", number(1, 80), kind=ColumnType.INTEGER),
        column(draw, "deces", number(1, 80), kind=ColumnType.INTEGER),
        column(
            draw,
            "taux_chomage",
            lambda d: f"{d.uniform(2, 15):.4f}",
            kind=ColumnType.NUMBER,
        ),
        column(draw, "revenu_median", number(15000, 40000), kind=ColumnType.INTEGER),
    ]


Maker = Callable[[Draw], Iterator[Table]]
MAKERS: tuple[Maker, ...] = (
    staff,
    named,
    born,
    numbered,
    reached,
    single,
    offices,
    similar_columns,
)


def labelled_tables(seed: int = 20261126) -> Iterator[Table]:
    """Every table of the set; the same for a seed."""
    draw = Draw(seed)
    for make in MAKERS:
        yield from make(draw)
