"""The eight licences RUDI names, in plain words, and the wordings under which others call them."""

import re
from dataclasses import dataclass

URI = "http://publications.europa.eu/resource/authority/licence/"


@dataclass(frozen=True)
class Licence:
    """A licence by RUDI's label: its name, its text, its EU code where there is one, and what it lets people do."""

    code: str
    name: dict[str, str]
    url: str
    spdx: str
    authority: str
    allows: dict[str, str]

    @property
    def uri(self) -> str:
        """The EU's identifier, else the address of the text."""
        if self.authority:
            return URI + self.authority
        return self.url


_CREDIT = {
    "fr": "Vous pouvez copier, modifier et vendre ces données. Citez leur source et la date de leur mise à jour.",
    "en": "You may copy, change and sell these data. Name their source and the date of their last update.",
    "es": "Puede copiar, modificar y vender estos datos. Cite su fuente y la fecha de su última actualización.",
}
_SOFTWARE = {
    "fr": "Vous pouvez copier, modifier et vendre ce contenu. Gardez la mention des auteurs et le texte de la licence.",
    "en": "You may copy, change and sell this content. Keep the authors' notice and the text of the licence.",
    "es": "Puede copiar, modificar y vender este contenido. Conserve la mención de los autores y el texto de la licencia.",
}
_ALL = (
    Licence(
        "etalab-2.0",
        {
            "fr": "Licence Ouverte 2.0 (Etalab)",
            "en": "Open Licence 2.0 (Etalab)",
            "es": "Licencia Abierta 2.0 (Etalab)",
        },
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "etalab-2.0",
        "ETALAB_2_0",
        _CREDIT,
    ),
    Licence(
        "odbl-1.0",
        {
            "fr": "Licence ODbL 1.0",
            "en": "Open Database License 1.0 (ODbL)",
            "es": "Licencia ODbL 1.0",
        },
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "ODbL-1.0",
        "ODC_BL",
        {
            "fr": "Vous pouvez copier, modifier et vendre ces données. Citez leur source, et partagez dans les mêmes "
            "conditions la base que vous en tirez.",
            "en": "You may copy, change and sell these data. Name their source, and share the database you make of "
            "them under the same conditions.",
            "es": "Puede copiar, modificar y vender estos datos. Cite su fuente y comparta en las mismas condiciones "
            "la base de datos que haga con ellos.",
        },
    ),
    Licence(
        "public-domain-cc0",
        {
            "fr": "Domaine public (CC0 1.0)",
            "en": "Public domain (CC0 1.0)",
            "es": "Dominio público (CC0 1.0)",
        },
        "https://creativecommons.org/publicdomain/zero/1.0/",
        "CC0-1.0",
        "CC0",
        {
            "fr": "Vous pouvez faire ce que vous voulez de ces données, sans rien demander ni citer.",
            "en": "You may do what you like with these data, without asking or naming anyone.",
            "es": "Puede hacer lo que quiera con estos datos, sin pedir permiso ni citar a nadie.",
        },
    ),
    Licence(
        "etalab-1.0",
        {
            "fr": "Licence Ouverte 1.0 (Etalab)",
            "en": "Open Licence 1.0 (Etalab)",
            "es": "Licencia Abierta 1.0 (Etalab)",
        },
        "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf",
        "",
        "",
        _CREDIT,
    ),
    Licence(
        "cc-by-nd-4.0",
        {
            "fr": "Creative Commons Attribution, pas de modification 4.0 (CC BY-ND)",
            "en": "Creative Commons Attribution-NoDerivatives 4.0 (CC BY-ND)",
            "es": "Creative Commons Atribución-SinDerivadas 4.0 (CC BY-ND)",
        },
        "https://creativecommons.org/licenses/by-nd/4.0/",
        "CC-BY-ND-4.0",
        "CC_BYND_4_0",
        {
            "fr": "Vous pouvez copier et vendre ces données telles quelles, en citant leur auteur. "
            "Vous ne pouvez pas diffuser une version modifiée.",
            "en": "You may copy and sell these data as they are, naming their author. "
            "You may not spread a changed version.",
            "es": "Puede copiar y vender estos datos tal cual, citando a su autor. "
            "No puede difundir una versión modificada.",
        },
    ),
    Licence(
        "apache-2.0",
        {
            "fr": "Licence Apache 2.0",
            "en": "Apache License 2.0",
            "es": "Licencia Apache 2.0",
        },
        "https://www.apache.org/licenses/LICENSE-2.0",
        "Apache-2.0",
        "APACHE_2_0",
        _SOFTWARE,
    ),
    Licence(
        "mit",
        {"fr": "Licence MIT", "en": "MIT License", "es": "Licencia MIT"},
        "https://opensource.org/license/mit",
        "MIT",
        "",
        _SOFTWARE,
    ),
    Licence(
        "gpl-3.0",
        {
            "fr": "Licence publique générale GNU 3.0",
            "en": "GNU General Public License 3.0",
            "es": "Licencia Pública General de GNU 3.0",
        },
        "https://www.gnu.org/licenses/gpl-3.0.html",
        "GPL-3.0-only",
        "",
        {
            "fr": "Vous pouvez copier, modifier et vendre ce contenu, si vous le partagez dans les mêmes conditions.",
            "en": "You may copy, change and sell this content, if you share it under the same conditions.",
            "es": "Puede copiar, modificar y vender este contenido, si lo comparte en las mismas condiciones.",
        },
    ),
)
LICENCES = {licence.code: licence for licence in _ALL}
DEFAULT = "etalab-2.0"

_WORDINGS = {
    "etalab-2.0": (
        "etalab.gouv.fr/wp-content/uploads/2018/11/open-licence.pdf",
        "etalab.gouv.fr/wp-content/uploads/2017/04/etalab-licence-ouverte-v2.0.pdf",
        "Licence Ouverte 2.0",
        "Licence Ouverte v2.0",
        "Licence Ouverte version 2.0",
        "Open License v2.0",
        "Open Licence v2.0",
        "lov2",
        "fr-lo-2.0",
    ),
    "etalab-1.0": (
        "data.gouv.fr/licence-ouverte-open-licence",
        "wiki.data.gouv.fr/images/9/9d/licence_ouverte.pdf",
        "Licence Ouverte 1.0",
        "Licence Ouverte v1.0",
        "Licence Ouverte version 1.0",
    ),
    "odbl-1.0": (
        "opendatacommons.org/licenses/odbl",
        "opendatacommons.org/licenses/odbl/summary",
        "ODbL",
        "ODbL 1.0",
        "Open Database License (ODbL)",
        "odc-odbl",
    ),
    "public-domain-cc0": ("CC0", "CC0 1.0", "cc-zero"),
}


def find_licence(wording: str) -> Licence | None:
    """The licence that a label, name or address means, or None; versions are never guessed."""
    return LICENCES.get(_CODES.get(_normalise(wording), ""))


def _normalise(wording: str) -> str:
    text = re.sub(r"^https?://(www\.)?", "", " ".join(wording[:500].lower().split()))
    return re.sub(r"(/legalcode|/deed(\.\w\w)?)?/?$", "", text)


_CODES = {
    _normalise(wording): code
    for code, wordings in _WORDINGS.items()
    for wording in wordings
}
_CODES |= {
    _normalise(wording): licence.code
    for licence in LICENCES.values()
    for wording in (
        licence.code,
        licence.url,
        licence.spdx,
        *licence.name.values(),
        URI + licence.authority,
    )
    if wording not in {"", URI}
}
