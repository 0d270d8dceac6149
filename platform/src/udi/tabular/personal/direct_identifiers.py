"""What says who somebody is whatever stands around: mails, telephones, numbers of people, accounts and vehicles."""

import re

from udi.tabular.columns.column import ColumnType
from udi.tabular.personal.cells import (
    CellMatches,
    ColumnCells,
    SuspectCells,
    count_hits,
)
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.mailboxes import MAILBOX, MailboxOwner, owners
from udi.tabular.personal.numbers import (
    IPV4,
    OLD_PLATE,
    PLATE,
    find_iban,
    find_nir,
    find_phones,
    find_phones_abroad,
    looks_like_phone,
)
from udi.tabular.personal.report import PersonalDataFinding, PersonalDataSeverity
from udi.tabular.personal.tax_numbers import is_tax_number, may_be_tax_number
from udi.tabular.personal.vocabulary import (
    CODES,
    COUNTS,
    EMAILS,
    NIRS,
    PHONES,
    PLATES,
    SERVICE,
    TAXES,
)

HALF = 0.5
SOME = 0.3
FEW = 0.05
CHANCE = 0.05
NEARLY_ALL = 0.8
SURE = 3
MOBILE = frozenset("67")
NO_PHONE = frozenset(
    {
        ColumnType.SIRET,
        ColumnType.SIREN,
        ColumnType.URL,
        ColumnType.UUID,
        ColumnType.POSTCODE,
        ColumnType.COMMUNE,
        ColumnType.POINT,
        ColumnType.JSON,
    }
)
ADDRESS = re.compile(r"https?://\S+")
ABOUT_PLATES = re.compile(
    r"immatricul|plaque|v[ée]hicule|registration|vehicle", re.IGNORECASE
)
HIGH_BYTE = 100
WITHOUT_ZERO = re.compile(r"[67]\d{8}")
FEWEST_DIALLED = 5


def build_finding(
    cells: ColumnCells,
    what: PersonalDataKind,
    hits: CellMatches,
    strength: PersonalDataSeverity = PersonalDataSeverity.STOP,
    *,
    public: bool = False,
) -> PersonalDataFinding:
    """What was found in one column."""
    return PersonalDataFinding(
        (cells.name,),
        what,
        strength,
        hits.count,
        cells.filled,
        hits.lines,
        public,
        hits.estimated,
    )


def find_emails(cells: ColumnCells) -> PersonalDataFinding | None:
    """E-mail addresses; those of services are a warning."""
    hits = count_hits(cells.mails, lambda text: bool(MAILBOX.search(text)))
    if not hits.count:
        return None
    mail_owners = [owner for _, text in cells.mails.cells for owner in owners(text)]
    people = mail_owners.count(MailboxOwner.PERSON)
    unclear = mail_owners.count(MailboxOwner.UNCLEAR)
    if cells.header.has_any_word(SERVICE - EMAILS):
        unclear = 0
    personal = (
        people >= SURE
        or people >= FEW * len(mail_owners)
        or people + unclear >= HALF * len(mail_owners)
    )
    if personal and people + unclear:
        strength = PersonalDataSeverity.STOP
    else:
        strength = PersonalDataSeverity.WARNING
    return build_finding(
        cells,
        PersonalDataKind.EMAIL,
        hits,
        strength,
        public=strength is PersonalDataSeverity.WARNING,
    )


def find_telephones(cells: ColumnCells, *, people: bool) -> PersonalDataFinding | None:
    """Telephones; those of services are a warning. `people`: the rows of the table name people."""
    if cells.column.type in NO_PHONE:
        return None
    hinted = (
        cells.header.has_any_word(PHONES)
        or cells.column.type is ColumnType.PHONE
        or "telephon" in cells.header.joined
    )
    if not hinted and _looks_dialled_without_zero(cells):
        return build_finding(
            cells, PersonalDataKind.PHONE, cells.hits(_is_mobile_without_zero)
        )
    if not hinted and (
        cells.header.has_any_word(CODES) or cells.column.sql_type != "VARCHAR"
    ):
        return None
    bare = hinted or _looks_dialled(cells)
    hits = count_hits(
        cells.numbers,
        lambda text: (
            any(bare or formatted for _, formatted in _phones(text))
            or bool(_phones_abroad(text))
        ),
    )
    if hinted and hits.count < HALF * cells.filled:
        hits = max(
            hits,
            cells.hits(lambda text: looks_like_phone(_with_zero(text))),
            key=lambda candidate: candidate.count,
        )
        if hits.count < FEW * cells.filled:
            return None
    if not hits.count:
        return None
    if _belong_to_people(cells, people=people):
        strength = PersonalDataSeverity.STOP
    else:
        strength = PersonalDataSeverity.WARNING
    return build_finding(
        cells,
        PersonalDataKind.PHONE,
        hits,
        strength,
        public=strength is PersonalDataSeverity.WARNING,
    )


def _belong_to_people(cells: ColumnCells, *, people: bool) -> bool:
    if cells.header.has_any_word(SERVICE):
        return False
    digits = [
        digit
        for _, text in (*cells.numbers.cells, *cells.sample)
        for digit, _ in _phones(_with_zero(text))
    ]
    abroad = [
        is_mobile
        for _, text in cells.numbers.cells
        for is_mobile in _phones_abroad(text)
    ]
    digits += ["7" if is_mobile else "1" for is_mobile in abroad]
    mobile = sum(digit in MOBILE for digit in digits)
    carried = cells.header.has_any_word(
        frozenset({"mobile", "portable", "gsm", "cell"})
    )
    return (
        people
        or carried
        or mobile >= SURE
        or (mobile > 0 and mobile >= FEW * len(digits))
    )


def _phones(text: str) -> list[tuple[str, bool]]:
    return find_phones(ADDRESS.sub(" ", text))


def _phones_abroad(text: str) -> list[bool]:
    return find_phones_abroad(ADDRESS.sub(" ", text))


def _is_mobile_without_zero(text: str) -> bool:
    return bool(WITHOUT_ZERO.fullmatch(text))


def _looks_dialled_without_zero(cells: ColumnCells) -> bool:
    """Numbers of nine digits that are mobiles of which a spreadsheet ate the zero: spread, none met twice as often."""
    if cells.column.type is not ColumnType.INTEGER or cells.header.has_any_word(
        CODES | COUNTS
    ):
        return False
    starts = {text[:4] for _, text in cells.sample}
    few = len(cells.sample) < FEWEST_DIALLED
    return (
        not few
        and len(starts) >= HALF * len(cells.sample)
        and cells.share(_is_mobile_without_zero) >= NEARLY_ALL
    )


def _with_zero(text: str) -> str:
    """A telephone of which a spreadsheet ate the first zero."""
    if re.fullmatch(r"[1-79]\d{8}", text):
        return f"0{text}"
    return text


def _looks_dialled(cells: ColumnCells) -> bool:
    """A column without a telling name, of nothing but ten digits, mostly mobiles, that do not follow each other."""
    texts = [text for _, text in cells.sample]
    dialled = [text for text in texts if re.fullmatch(r"0[1-79]\d{8}", text)]
    mobile = sum(text[1] in MOBILE for text in dialled)
    return (
        len(dialled) >= NEARLY_ALL * len(texts) > 0
        and mobile >= HALF * len(dialled)
        and len({text[:4] for text in dialled}) > min(3, len(dialled) / 2)
    )


def find_security_numbers(cells: ColumnCells) -> PersonalDataFinding | None:
    """French social security numbers; a key that is right by chance (one in 97) is not one."""
    hinted = cells.header.has_any_word(NIRS) or cells.header.has_any_stem(
        ("securitesociale", "numsecu", "socialsecurity")
    )
    if cells.column.sql_type == "VARCHAR":
        suspects = cells.numbers
    else:
        suspects = SuspectCells(cells.filled, cells.sample)
    shaped = count_hits(suspects, lambda text: find_nir(text) is not None)
    right = count_hits(suspects, lambda text: find_nir(text) is True)
    if hinted and shaped.count >= SOME * cells.filled and shaped.count:
        return build_finding(cells, PersonalDataKind.NIR, shaped)
    if not right.count or right.count <= CHANCE * shaped.count:
        return None
    sure = right.count >= SOME * shaped.count
    return build_finding(
        cells,
        PersonalDataKind.NIR,
        right,
        PersonalDataSeverity.STOP if sure else PersonalDataSeverity.WARNING,
        public=not sure,
    )


def find_tax_numbers(cells: ColumnCells) -> PersonalDataFinding | None:
    """Numbers of tax and identity offices, by their key or by the name of their column."""
    hinted = cells.header.has_any_word(TAXES) or cells.header.has_any_stem(
        ("nationalinsurance", "codicefiscale", "numerofiscal")
    )
    share = cells.share(may_be_tax_number if hinted else is_tax_number)
    if not cells.sample or share < (HALF if hinted else NEARLY_ALL):
        return None
    return build_finding(
        cells,
        PersonalDataKind.TAX_NUMBER,
        cells.hits(may_be_tax_number if hinted else is_tax_number),
    )


def find_bank_accounts(cells: ColumnCells) -> PersonalDataFinding | None:
    """International bank account numbers."""
    hinted = cells.header.has_any_word(frozenset({"iban", "rib", "bancaire", "bank"}))
    shaped = count_hits(cells.numbers, lambda text: find_iban(text) is not None)
    right = count_hits(cells.numbers, lambda text: find_iban(text) is True)
    if hinted and shaped.count >= SOME * cells.filled and shaped.count:
        return build_finding(cells, PersonalDataKind.IBAN, shaped)
    if right.count and right.count >= SOME * shaped.count:
        return build_finding(cells, PersonalDataKind.IBAN, right)
    return None


def find_plates(cells: ColumnCells) -> PersonalDataFinding | None:
    """Licence plates of vehicles, the French ones of before and after 2009."""
    hinted = cells.header.has_any_word(PLATES) or cells.header.has_any_stem(
        ("immatriculation", "licenceplate", "licenseplate")
    )
    if hinted:
        hits = count_hits(
            cells.numbers,
            lambda text: bool(
                PLATE.search(text.upper()) or OLD_PLATE.search(text.upper())
            ),
        )
        if hits.count >= SOME * cells.filled and hits.count:
            return build_finding(cells, PersonalDataKind.PLATE, hits)
        return None
    hits = count_hits(
        cells.numbers, lambda text: bool(PLATE.fullmatch(text.strip())) and "-" in text
    )
    if (
        not cells.header.has_any_word(CODES)
        and hits.count
        and hits.count >= HALF * cells.filled
    ):
        return build_finding(cells, PersonalDataKind.PLATE, hits)
    hits = count_hits(
        cells.numbers,
        lambda text: bool(PLATE.search(text) and ABOUT_PLATES.search(text)),
    )
    if hits.count:
        return build_finding(
            cells, PersonalDataKind.PLATE, hits, PersonalDataSeverity.WARNING
        )
    return None


def find_ip_addresses(cells: ColumnCells) -> PersonalDataFinding | None:
    """IPv4 addresses, not numbers of versions."""
    hits = count_hits(cells.numbers, lambda text: bool(IPV4.fullmatch(text.strip())))
    if not hits.count:
        return None
    high = count_hits(
        cells.numbers,
        lambda text: any(
            int(part) >= HIGH_BYTE for part in re.findall(r"\d+", text)[:4]
        ),
    )
    hinted = (
        cells.header.has_any_word(frozenset({"ip", "ipv4"}))
        or "adresseip" in cells.header.joined
    )
    enough = hits.count >= (HALF if hinted else NEARLY_ALL) * cells.filled and (
        hinted or high.count >= HALF * hits.count
    )
    if enough:
        return build_finding(
            cells, PersonalDataKind.IP_ADDRESS, hits, PersonalDataSeverity.WARNING
        )
    return None
