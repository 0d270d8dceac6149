"""What the name of a column says of its content: words without accents, of French and English first."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

UNNAMED = re.compile(r"(col|colonne|column|champ|field|unnamed|f|c|v|x)?[ _:]*\d*")
SPLIT = re.compile(
    r"(?<=[a-zà-ÿ])(?=[A-Z])|[^0-9A-Za-zÀ-ÖØ-öø-ÿŒœ]+|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"
)


def words(text: str) -> frozenset[str]:
    """The words of a phrase."""
    return frozenset(text.split())


ROLES = words(
    "contact contacts responsable referent referente interlocuteur correspondant proprietaire locataire titulaire "
    "beneficiaire demandeur demandeuse requerant usager usagere patient patiente eleve etudiant etudiante enfant parent "
    "parents tuteur gardien gerant dirigeant auteur signataire animateur animatrice benevole donateur candidat candidate "
    "conjoint temoin victime avocat medecin infirmier infirmiere praticien instructeur coordinateur coordinatrice "
    "directeur directrice chef adherent adherente membre agent agente employe employee salarie salariee assure "
    "allocataire abonne abonnee emprunteur emprunteuse lecteur lectrice licencie licenciee joueur joueuse conducteur "
    "chauffeur habitant resident residente client cliente declarant deposant participant participante inscrit inscrite "
    "stagiaire professeur enseignant enseignante personne individu particulier diagnostiqueur president presidente "
    "owner holder officer applicant person employee staff member manager tenant student pupil child guardian customer "
    "volunteer donor author driver inspector signatory beneficiary resident attendee visitor borrower teacher patient "
    "claimant payee defendant witness player "
    "concessionnaire concessionnaires defunt defunte inhume inhumee "
    "antragsteller antragstellerin bewohner mieter nutzungsberechtigte nutzungsberechtigter inhaber ansprechpartner "
    "solicitante titular concesionario propietario vecino responsable interesado "
    "richiedente concessionario proprietario residente referente beneficiario"
)
OFFICES = words(
    "elu elue elus elues maire maires adjoint adjointe conseiller conseillere conseillers depute deputee senateur "
    "senatrice ministre echevin bourgmestre mayor councillor councilor senator minister deputy alderman"
)
OFFICE_SIGNS = words(
    "mandat nuance circonscription mandate constituency legislature electif elective canton"
)
NAMES = words(
    "nom noms name names identite nomprenom prenomnom fullname nomcomplet denomination intitule nombre apellidos nome "
    "nominativo vorname nachname"
)
THINGS = words(
    "rue voie street road toponyme lieu lieudit arret station stop ecole school college lycee etablissement equipement "
    "batiment commune communes ville city town departement region pays country county quartier societe entreprise "
    "company supplier fournisseur vendor raison enseigne marque brand produit product organisme organisation "
    "organization association operateur amenageur service direction fichier file layer table colonne field jeu dataset "
    "theme categorie type espece species variete parc jardin salle monument oeuvre titre title stade piscine gymnase "
    "line ligne route site structure syndicat reseau bureau canton epci point borne parking bibliotheque musee merchant "
    "place square building park garden library museum theatre agence agency department ministry programme projet "
    "project event evenement work book livre film artiste artist compositeur libelle label description forme juridique"
)
"""Words after which a name is that of a thing, whatever the values look like."""
ORGANISED = words(
    "siret siren siege association societe entreprise etablissement rna raison enseigne organisme structure company "
    "organisation organization business commerce denomination school ecole uai finess"
)
"""Words of a table whose rows are organisations: their address is no home."""
EMAILS = words("mail email mel courriel courriels mails emails pec messagerie")
DIGITAL_ADDRESSES = EMAILS | words("ip mac web url internet")
"""Words of addresses that say nothing of a place."""
PHONES = words(
    "tel telephone telephones phone portable mobile fax gsm telephonique cellulaire telefono cell movil handy telefon "
    "cellulare mobil mobilfunk"
)
SERVICE = words(
    "lieu agence agency operateur amenageur organisme association venue "
    "mairie service accueil standard secretariat urgence structure etablissement public fax office helpdesk"
)
ADDRESSES = words(
    "adresse adresses address addresses rue street domicile residence anschrift direccion indirizzo domicilio"
)
HOME = words("domicile home residence personnelle personnel perso domicilio")
NIRS = words("nir nirpp nss nns insurance ssn secu ins")
PLATES = words(
    "immatriculation immat plaque plaques plate plates registration immatriculations"
)
CODES = words(
    "code codes ref reference references produit product article sku lot serie serial id identifiant uid numero num no "
    "siret siren ean isbn gtin cadastre parcelle version model modele"
)
PERSON_CODES = words(
    "matricule badge passeport passport cni allocataire adherent adherente patient etudiant eleve student employee"
)
COUNTS = words(
    "nombre nb nbre effectif effectifs total totaux count counts population somme sum quantite valeur value frequence "
    "frequency pourcentage percent taux rate number popolazione iscritti occurrences"
)
BIRTHS = (
    "naiss",
    "birth",
    "nelee",
    "natele",
    "geburtsdatum",
    "geburtstag",
    "fechadenac",
    "fechanac",
    "datadinasc",
    "datanasc",
)
GIVENS = ("prenom", "givenname", "firstname", "forename", "vorname")
FAMILIES = (
    "nomdefamille",
    "nomfamille",
    "nomusage",
    "nomdusage",
    "nomusuel",
    "nomnaiss",
    "nomdenaiss",
    "nommarital",
    "nomdejeunefille",
    "nomjeunefille",
    "patronym",
    "surname",
    "lastname",
    "familyname",
    "cognome",
    "nachname",
    "familienname",
    "apellido",
)
SPECIAL_CLEAR = words(
    "religion confession religieuse religieux ethnie ethnique ethnicity orientation sexuelle sexual groupe_sanguin pathologie pathologies "
    "maladie maladies seropositif vih hiv diagnosis syndique biometrie genetique condamnation condamnations"
)
"""Said of nobody but a person."""
SPECIAL_BESIDE = words(
    "sante health disease handicap handicape disability invalidite rqth aah maladie traitement allergie allergies vaccin vaccination vaccine medical "
    "medication medicament syndicat union syndicale politique political parti party opinion origine infraction "
    "offence croyance grossesse addiction hospitalisation pai regime sick maternity arret malattia disabilita invalidita "
    "krankschreibung behinderung gesundheit baja medica discapacidad salud salute"
)
"""Said of people only in a table whose rows are people."""

COLUMN_WORDS = (
    NAMES
    | EMAILS
    | PHONES
    | HOME
    | words(
        "adresse adresses address addresses anschrift direccion indirizzo rue street strasse calle via domicile residence "
        "prenom prenoms given first last forename surname family famille usage usuel naissance marital patronyme "
        "vorname vornamen nachname familienname apellido apellidos nombre nome cognome "
        "ne nee e ee le date jour annee an birth born dob ddn geburtsdatum geburtstag geboren am fecha nacimiento nacido data "
        "nascita nato nata il lieu sexe genre gender sex geschlecht sexo sesso age alter edad eta civilite anrede titre title "
        "code postal cp plz zip postcode postleitzahl codigo cap ville commune city town ort wohnort ciudad localidad comune "
        "citta pays country land pais paese profession beruf job fonction role statut nationalite "
        "telefon telefonnummer handy telefono movil cellulare correo email elektronische fixe domicile personnel "
        "n no num numero number nummer adherent licence matricule id identifiant de du des la l d et of the and der die das "
        "und von y del di e electronique"
    )
)
"""Words of which the names of columns about people are made, in French, English, German, Spanish and Italian."""

HEALTH = re.compile(
    r"arr[eê]t\s+(de\s+)?(maladie|travail)|cong[eé]\s+(de\s+)?(maladie|maternit[eé]|parental)|accident\s+du\s+travail|"
    r"longue\s+maladie|invalidit|handicap|\brqth\b|mi-temps\s+th[eé]rapeutique|"
    r"sick\s+leave|maternity|disab(led|ility)|(work|industrial)\s+accident|"
    r"krank(geschrieben|heit|meldung|schreibung)|schwerbehindert|mutterschutz|arbeitsunfall|"
    r"baja\s+(m[eé]dica|maternal|laboral|por)|discapaci|accidente\s+laboral|"
    r"\bmalattia|invalidit|infortunio|\bmaternit",
    re.IGNORECASE,
)
"""Values that tell why somebody is absent, or of a disability."""
STATUS_WORDS = words(
    "marie mariee celibataire divorce divorcee veuf veuve pacse pacsee concubinage concubin separe separee "
    "married single divorced widowed widow widower separated cohabiting "
    "verheiratet ledig geschieden verwitwet getrennt casado casada soltero soltera divorciado divorciada viudo viuda "
    "sposato sposata coniugato coniugata celibe nubile divorziato divorziata vedovo vedova"
)
STATUS_HEADERS = (
    "situationfamil",
    "situationdefamille",
    "etatcivil",
    "matrimonial",
    "maritalstatus",
    "civilstatus",
    "familienstand",
    "zivilstand",
    "estadocivil",
    "situacionfamil",
    "statocivile",
)
"""Pieces of the names of columns that tell a family situation."""
TAXES = words(
    "fiscal fiscale spi nif dni nie cnp cf codicefiscale nino ni steuer steuerid steueridentifikationsnummer tin"
)
HOLDERS = words("titulaire contractor supplier titular")
"""Roles that companies have in public contracts."""
CANDIDATES = words("candidat candidate")
"""Roles that are public in the results of an election."""
NAMES_IN_OTHER_LETTERS = frozenset(
    {
        "имя",
        "фамилия",
        "фио",
        "имя и фамилия",
        "ім'я",
        "прізвище",
        "όνομα",
        "επώνυμο",
        "ονοματεπώνυμο",
        "الاسم",
        "الاسم الكامل",
        "שם",
        "שם מלא",
    }
)
"""Names of columns of names in Russian, Ukrainian, Greek, Arabic and Hebrew."""
LIVING = words(
    "arbre arbres essence espece especes variete taxon botanique plantation circonference tree trees species genus girth "
    "baum baumart gattung stammumfang arbol arboles especie genero albero alberi specie genere circonferenza"
)
"""Words of a table whose rows are trees, plants or animals: their genus and age single nobody out."""
ELECTIONS = words(
    "voix suffrages scrutin election elections exprimes votants panneau votes ballots turnout polling constituency stimmen "
    "wahlkreis wahlbezirk votos electoral sufragios voti seggio elettorale preferenze"
)
"""Words of the results of an election: those who stand for it are public."""
CONTRACTS = words(
    "marche marches acheteur cpv attributaire adjudicataire contract contracts contractor buyer award tender "
    "auftrag auftragnehmer auftraggeber auftragswert auftragsgegenstand zuschlag contrato adjudicatario adjudicacion "
    "contratacion contratto aggiudicatario aggiudicazione appaltante"
)
"""Words of a list of public contracts: those who hold them are companies, whose name may be that of a person."""


@dataclass(frozen=True)
class Header:
    """The name of a column, read."""

    name: str

    @cached_property
    def ordered(self) -> tuple[str, ...]:
        return tuple(fold(word) for word in SPLIT.split(self.name) if word)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.ordered)

    @cached_property
    def joined(self) -> str:
        """Without spaces; what is known or recognised (connaissance, reconnaissance) is no birth."""
        return "".join(self.ordered).replace("connaiss", "")

    def has_any_word(self, words: frozenset[str]) -> bool:
        """Whether one of these words stands in the name."""
        return not self.words.isdisjoint(words)

    def has_any_stem(self, stems: tuple[str, ...]) -> bool:
        """Whether the name, without its spaces, has one of these pieces."""
        return any(stem in self.joined for stem in stems)

    @property
    def is_uninformative(self) -> bool:
        """A name that says nothing: `col3`, `Field 2`, nothing at all."""
        return bool(UNNAMED.fullmatch(fold(self.name).strip()))


PLAIN_LETTERS = str.maketrans(
    {
        "œ": "oe",
        "Œ": "OE",
        "ł": "l",
        "Ł": "L",
        "ø": "o",
        "Ø": "O",
        "ß": "ss",
        "đ": "d",
        "ı": "i",
    }
)


def fold(text: str) -> str:
    """Small letters without accents."""
    return (
        unicodedata.normalize("NFKD", text.translate(PLAIN_LETTERS))
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
