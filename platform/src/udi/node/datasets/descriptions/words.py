"""Words of file names and columns that tell a theme or a language; beginnings of words, without accents."""

THEME_STEMS = {
    "transportation": "transport mobilit bus tram metro arret gtfs velo cycl stationn parking voirie trafic circulation "
    "covoitur borne gare train itiner bike traffic station stop route vehicul",
    "environment": "arbre tree dechet waste tri compost qualiteair eau water riviere climat biodivers espece faune flore "
    "pollution bruit noise meteo recycl jardin nature vegetal",
    "energyNetworks": "energ electri gaz chauff solaire photovolt eclairage reseau fibre compteur consommation irve",
    "townPlanning": "urbanis plu permis cadastr parcel zonage amenagement adresse planning parcel building",
    "housing": "logement habitat hlm loyer housing residence immobil bailleur",
    "publicSpace": "banc toilette fontaine mobilier espacepublic marche defibrill square place wifi",
    "culture": "culture biblioth musee theatre cinema concert festival patrimoine livre sport piscine loisir stade "
    "library museum equipement spectacle",
    "education": "ecole school college lycee universit enseign formation eleve etudiant",
    "children": "enfan creche petiteenfance cantine periscol menu jeunesse naissance prenom child",
    "health": "sante health hopital medecin pharma urgence vaccin secur police incendie accident dae",
    "society": "social solidar association aide age handicap population insertion menage subvention",
    "economy": "budget compte depense recette subvention marchepublic decp entrepris commerce emploi siret siren facture "
    "fournisseur tarif taxe spending payment supplier economi montant",
    "citizenship": "deliber election vote bureau conseil elu maire citoyen participat consult scrutin petition",
    "location": "commune insee limite quartier carte coordonnee latitude longitude geo point rue voie ban lieu",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS_OF_LANGUAGES = {
    "de": _words(
        "strasse ort stadt datum jahr monat tag anzahl betrag beschreibung gemeinde kreis einwohner bezeichnung breite "
        "lange nummer hausnummer plz bezirk ortsteil schule flache der die das und von mit fur im am zum zur"
    ),
    "en": _words(
        "name address city town street number date year month day amount count description status time county owner "
        "postcode supplier school opening code type the and of for by from to with in at"
    ),
    "es": _words(
        "nombre apellidos direccion calle municipio ciudad fecha ano mes dia codigo importe tipo lugar barrio horario "
        "ayuntamiento provincia numero latitud longitud telefono el los las del para por con y en de la"
    ),
    "fr": _words(
        "nom prenom adresse commune ville rue voie numero date annee mois jour code libelle montant type nombre lieu "
        "quartier departement horaire mairie equipement etablissement ecole telephone effectif le la les des du et en au "
        "aux pour par sur de"
    ),
    "it": _words(
        "nome cognome indirizzo comune via civico numero data anno mese giorno codice importo tipo luogo quartiere "
        "provincia regione denominazione descrizione latitudine longitudine sede orario telefono posti totale scuola "
        "fermata parcheggio il lo gli dei degli della delle di del per con e la le in"
    ),
    "pt": _words(
        "nome endereco rua municipio cidade data ano mes dia codigo valor tipo bairro freguesia numero descricao "
        "telefone escola o os das do dos da para com em por de e"
    ),
}
"""Words of columns and of sentences, by language; one that several languages have counts half."""
GENERIC = _words(
    "data donnee donnees file fichier export exports extract extraction dataset table tableau feuille sheet classeur "
    "download telechargement copie copy final def v1 v2 new nouveau sans titre untitled csv document test"
)
EMPTY = _words(
    "avec dans des les pour par sur une aux son ses leur the and for with from that this not non oui id ids gid "
    "objectid fid uid uuid nom name col"
)
