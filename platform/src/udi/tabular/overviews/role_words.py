"""Words of headers that say what a column is, in French, English, Spanish, Italian, German and Dutch; without accents."""

import re
import unicodedata

CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
WORD = re.compile(r"[a-z]+|[0-9]+|%")


def word_set(text: str) -> frozenset[str]:
    """The words of a text with spaces."""
    return frozenset(text.split())


IDENTIFIER = word_set(
    "id ids identifiant identifier identificador identificativo kennung fid oid uid uuid guid fips insee siren siret nic"
    " rna uai finess iban isbn ean matricule matricola postcode zip zipcode plz cap cp postal cedex istat ine ags"
    " civico hausnummer huisnummer sezione sez parcelle parcella particella lot ordre rang rank rango ranking"
)
"""Anywhere in the name."""
IDENTIFIER_ENDS = word_set(
    "code codes codice codigo cod num no nr number numero nummer ref reference riferimento referencia key cle clave"
    " chiave schlussel index idx line ligne row element classe class category categorie"
)
"""As the only word, or the last."""
IDENTIFIER_STARTS = word_set("code codice codigo cod ref reference cle clave")
COORDINATE = word_set(
    "x y z lat lon lng long latitude longitude latitud longitud latitudine longitudine breitengrad langengrad"
    " breedtegraad lengtegraad easting northing coord coordx coordy coordonnee coordonnees coordinate coordinata"
    " coordinate lambert wgs xlong ylat geox geoy intptlat intptlon intptlong"
)
PART_OF_TIME = word_set(
    "mois month mese mes monat maand heure hour ora hora stunde uur jour day giorno dia tag dag weekday semaine week"
    " settimana semana woche trimestre quarter quartal kwartaal saison season"
)
YEARS = word_set("annee an year anno ano jahr jaar exercice millesime")
INTENSIVE = word_set(
    "taux tx rate ratio part pct pourcentage percent percentage percentuale percentuali porcentaje prozent procent"
    " quote quota indice indicateur prix price prezzo precio preis prijs tarif tariff tariffa tarifa moyenne moyen"
    " mean average avg media medio promedio durchschnitt mittelwert gemiddelde mediane median mediana age eta edad"
    " alter leeftijd temperature temperatura temperatur temperatuur temp densite density densita densidad dichte"
    " dichtheid hauteur height altezza altura hohe hoogte altitude altitud altitudine elevation elevazione note score"
    " punteggio puntuacion grade vitesse speed velocita velocidad geschwindigkeit snelheid pression pressure pente"
    " slope profondeur depth profondita diametre diameter diametro durchmesser circonference circonferenza largeur"
    " width larghezza anchura breite breedte concentration concentrazione ph margin marge humidite humidity duree"
    " duration durata duracion dauer duur min max minimum maximum unitaire unitario latence niveau level livello"
    " tension intensite"
)
TOTALS = word_set(
    "total totale totaux totali totales tot ptot gesamt insgesamt summe totaal somme sum ensemble"
)
EXTENSIVE = TOTALS | word_set(
    "nb nbr nbre nombre count effectif effectifs qte quantite quantity quantita cantidad menge hoeveelheid anzahl"
    " aantal amount montant importo importe betrag bedrag population pop pobl poblacion popolazione bevolkerung"
    " einwohner inwoners bevolking habitants abitanti habitantes inhabitants residents menages households famiglie"
    " superficie surface flache oppervlakte budget bilancio presupuesto haushalt begroting cout cost costo coste kosten"
    " depense depenses recette recettes expense spend spending expenditure revenue ingresos gastos entrate uscite"
    " dotation subvention subventions volume volumen tonnage tonnes poids weight eleves etudiants students stud"
    " schuler leerlingen iscritti laureati inscrits enrolled naissances births nati nascite nacimientos geburten"
    " geboorten deces deaths decessi todesfalle ventes sales vendite ventas visites visits visiteurs visitors ingressi"
    " entrees prets loans prestati prestiti places posti plazas platze plaatsen capacite capacity capacita capacidad"
    " consommation consumption consumo verbrauch verbruik kwh mwh production emissions trafic traffic vehicules"
    " vehicles arbres trees alberi logements dwellings emplois jobs longueur linear lineaire voyageurs passengers"
    " accidents victimes interventions nu"
)
STOCKS = word_set(
    "population pop pobl poblacion popolazione bevolkerung einwohner bevolking habitants abitanti habitantes inhabitants"
    " residents superficie surface flache oppervlakte"
)
"""What is there at any moment: by the date of something else it adds up to nothing."""
TELLING_CATEGORIES = word_set(
    "type typologie tipo tipologia typ art soort categorie category categoria kategorie kind nature natura statut statuto"
    " status stato etat estado zustand secteur sector settore theme tema thema domaine region regione regio province"
    " provincia provincie departement commune comune gemeinde gemeente municipio quartier quartiere barrio stadtteil wijk"
    " ville citta city ciudad stadt stad espece essence species specie essenza especie organisme forme"
)
PERSONS = word_set(
    "nom prenom surname firstname lastname cognome apellido nachname vorname contact contatto contacto officer referent"
    " chef auteur author autore owner president directeur"
)
"""Groups of rows by person are no first chart."""
NUMBER_OF = word_set("numero number num n nr no nu")
"""A count as the first word of several, unless the values are those of an identifier."""
PREFIXES_OF_COUNTS = ("nb", "nbre")
PREFIXES_OF_RATES = ("tx", "pct")
PER = re.compile(
    r"/ ?(?:kg|hab|km|m2|ha|h|100|1000|capita)|%|\b(?:par|per|pro|por) ", re.IGNORECASE
)
NOT_AN_EVENT = (
    "maj", "fiche", "modif", "update", "mise a jour", "censiment", "relev", "survey", "saisie", "validit", "import", "export",
    "extract", "metric", "naiss", "birth", "nascita", "nacimiento", "geburt",
)  # fmt: skip
"""Parts of the names of dates at which nothing happened to what a row describes, and dates of birth."""
NAMES = word_set(
    "nom name nome nombre libelle label lib descrizione description designation intitule bezeichnung naam titre title"
    " titolo titulo denominazione"
)
"""What a column of names calls itself, beside one of codes."""
MONTHS = tuple(
    word_set(names)
    for names in (
        "janvier january enero gennaio januar januari janv jan gen ene",
        "fevrier february febrero febbraio februar februari fevr feb fev",
        "mars march marzo marz maart mar mrz",
        "avril april abril aprile avr apr abr",
        "mai may mayo maggio mei mag",
        "juin june junio giugno juni jun giu",
        "juillet july julio luglio juli juil jul lug",
        "aout august agosto augustus aug ago",
        "septembre september septiembre settembre sept sep set",
        "octobre october octubre ottobre oktober oct okt ott",
        "novembre november noviembre nov",
        "decembre december diciembre dicembre dezember dec dez dic",
    )
)  # fmt: skip
TOTAL_ROW = re.compile(
    r"^(?:(?:sous[- ]?|sub|grand )?tot(?:al|ale|aux|aal|ali)?\b.*|ensemble|gesamt|insgesamt|summe|all|tous|toutes|alle)$"
)
"""A value that stands for all the others."""


def plain(text: str) -> str:
    """A text in small letters, without accents."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def words_of(name: str) -> tuple[str, ...]:
    """The words of a header: `nbPlacesPMR` is `nb`, `places`, `pmr`."""
    return tuple(WORD.findall(plain(CAPITALS.sub(" ", name))))


def month_number(text: str) -> int:
    """The month that a word names, from 1; 0: none."""
    word = plain(text).strip(" .")
    return next((number for number, names in enumerate(MONTHS, 1) if word in names), 0)


def is_total(text: str) -> bool:
    """Whether a value names the sum of the other rows."""
    return bool(TOTAL_ROW.match(plain(text).strip(" :.")))
