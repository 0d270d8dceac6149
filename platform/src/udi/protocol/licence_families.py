"""What licences let people do, in plain words: one wording a family."""

FAMILIES: dict[str, dict[str, str]] = {
    "credit-date": {
        "fr": "Vous pouvez copier, modifier et vendre ces données. Citez leur source et la date de leur mise à jour.",
        "en": "You may copy, change and sell these data. Name their source and the date of their last update.",
        "es": "Puede copiar, modificar y vender estos datos. Cite su fuente y la fecha de su última actualización.",
    },
    "credit": {
        "fr": "Vous pouvez copier, modifier et vendre ces données. Citez leur source, et dites ce que vous avez changé.",
        "en": "You may copy, change and sell these data. Name their source, and say what you changed.",
        "es": "Puede copiar, modificar y vender estos datos. Cite su fuente y diga lo que ha cambiado.",
    },
    "share": {
        "fr": "Vous pouvez copier, modifier et vendre ces données. Citez leur source, et partagez dans les mêmes "
        "conditions ce que vous en tirez.",
        "en": "You may copy, change and sell these data. Name their source, and share what you make of them under the "
        "same conditions.",
        "es": "Puede copiar, modificar y vender estos datos. Cite su fuente y comparta en las mismas condiciones "
        "lo que haga con ellos.",
    },
    "share-database": {
        "fr": "Vous pouvez copier, modifier et vendre ces données. Citez leur source, et partagez dans les mêmes "
        "conditions la base que vous en tirez.",
        "en": "You may copy, change and sell these data. Name their source, and share the database you make of "
        "them under the same conditions.",
        "es": "Puede copiar, modificar y vender estos datos. Cite su fuente y comparta en las mismas condiciones "
        "la base de datos que haga con ellos.",
    },
    "free": {
        "fr": "Vous pouvez faire ce que vous voulez de ces données, sans rien demander ni citer.",
        "en": "You may do what you like with these data, without asking or naming anyone.",
        "es": "Puede hacer lo que quiera con estos datos, sin pedir permiso ni citar a nadie.",
    },
    "public-domain": {
        "fr": "Aucun droit d’auteur connu ne limite l’usage de ces données : vous pouvez en faire ce que vous voulez.",
        "en": "No known copyright limits the use of these data: you may do what you like with them.",
        "es": "Ningún derecho de autor conocido limita el uso de estos datos: puede hacer lo que quiera con ellos.",
    },
    "unchanged": {
        "fr": "Vous pouvez copier et vendre ces données telles quelles, en citant leur auteur. "
        "Vous ne pouvez pas diffuser une version modifiée.",
        "en": "You may copy and sell these data as they are, naming their author. "
        "You may not spread a changed version.",
        "es": "Puede copiar y vender estos datos tal cual, citando a su autor. "
        "No puede difundir una versión modificada.",
    },
    "no-sale": {
        "fr": "Vous pouvez copier et modifier ces données, en citant leur auteur. "
        "Vous ne pouvez ni les vendre ni en tirer un avantage commercial.",
        "en": "You may copy and change these data, naming their author. "
        "You may not sell them or use them for commercial gain.",
        "es": "Puede copiar y modificar estos datos, citando a su autor. "
        "No puede venderlos ni usarlos con fines comerciales.",
    },
    "no-sale-share": {
        "fr": "Vous pouvez copier et modifier ces données, en citant leur auteur, si vous partagez le résultat dans les mêmes "
        "conditions. Vous ne pouvez ni les vendre ni en tirer un avantage commercial.",
        "en": "You may copy and change these data, naming their author, if you share the result under the same "
        "conditions. You may not sell them or use them for commercial gain.",
        "es": "Puede copiar y modificar estos datos, citando a su autor, si comparte el resultado en las mismas "
        "condiciones. No puede venderlos ni usarlos con fines comerciales.",
    },
    "no-sale-unchanged": {
        "fr": "Vous pouvez copier ces données telles quelles, en citant leur auteur. "
        "Vous ne pouvez ni les vendre, ni diffuser une version modifiée.",
        "en": "You may copy these data as they are, naming their author. "
        "You may not sell them or spread a changed version.",
        "es": "Puede copiar estos datos tal cual, citando a su autor. "
        "No puede venderlos ni difundir una versión modificada.",
    },
    "software": {
        "fr": "Vous pouvez copier, modifier et vendre ce contenu. Gardez la mention des auteurs et le texte de la licence.",
        "en": "You may copy, change and sell this content. Keep the authors' notice and the text of the licence.",
        "es": "Puede copiar, modificar y vender este contenido. Conserve la mención de los autores y el texto de la licencia.",
    },
    "share-content": {
        "fr": "Vous pouvez copier, modifier et vendre ce contenu, si vous le partagez dans les mêmes conditions.",
        "en": "You may copy, change and sell this content, if you share it under the same conditions.",
        "es": "Puede copiar, modificar y vender este contenido, si lo comparte en las mismas condiciones.",
    },
}
OPEN = frozenset(FAMILIES) - {
    "unchanged",
    "no-sale",
    "no-sale-share",
    "no-sale-unchanged",
}
"""Those under which anybody may use, change and share for any purpose: open, by the Open Definition."""
