"""A policy as a producer types it, and a request as a person does."""

from typing import Any

POLICY: dict[str, Any] = {
    "why_fr": "Ces courbes disent quand une maison vit.", "requesters": ["public_body", "research", "association"],
    "purposes": ["research", "public_service"], "prohibitions": ["distribute", "combine_with_persons"],
    "measures": ["encrypted"], "attribution": "Données d’Armorine Métropole", "general_interest": "1", "months": "24",
    "renewals": "1", "columns": "îlot\ndébut\nlogements\nénergie", "rows": "début >= 2026-01-01",
    "megabytes": "2000", "requests_a_minute": "60", "answer_days": "15",
    "label_1_fr": "Quels étés ?", "label_1_en": "Which summers?", "kind_1": "line", "required_1": "1",
    "label_2_fr": "Qui lira ?", "kind_2": "choice", "choices_2": "une personne; une équipe", "required_2": "1",
    "label_3_fr": "Lettre du laboratoire", "kind_3": "document",
}  # fmt: skip
REQUEST_FORM: dict[str, Any] = {
    "title": "Rafraîchir la ville", "summary": "Choisir dix rues à ombrager.", "requester": "research",
    "organisation": "goeland", "purpose": "research", "words": "Repérer les îlots où la consommation grimpe.",
    "interest": "Moins de morts pendant les canicules.", "months": "6", "columns": ["îlot", "énergie"],
    "answer_quels_t_s": "2022 à 2026", "answer_qui_lira": "une équipe",
}  # fmt: skip
