"""Terms, policies and agreements made for the tests."""

from typing import Any

AGREEMENT_ID = "6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c"
DATASET_ID = "0f6d3a52-6d2c-4d8e-9a1b-3c5e7f901234"
PROJECT_ID = "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d"
PRODUCER_ID = "9e8d7c6b-5a49-4838-a727-161514131211"
LEADER_ID = "c1d2e3f4-a5b6-4c7d-8e9f-0a1b2c3d4e5f"


def said_terms(**changes: Any) -> dict[str, Any]:
    return {
        "purposes": ["research", "public_service"],
        "prohibitions": ["distribute", "reidentify"],
        "measures": ["encrypted"],
        "attribution": "Énergie du territoire, 2026",
        "general_interest": True,
        "months": 18,
        "columns": ["îlot", "énergie (kWh)"],
        "rows": [
            {"column": "début", "operator": "gteq", "values": ["2026-05-01"]},
            {
                "column": "commune",
                "operator": "isAnyOf",
                "values": ["Kerlevan", "Plou"],
            },
        ],
        "bytes_a_month": 5_000_000_000,
        "requests_a_minute": 60,
    } | changes


def said_policy(**changes: Any) -> dict[str, Any]:
    return {
        "requesters": ["public_body", "research"],
        "terms": said_terms(),
        "why": {
            "fr": "Les courbes renseignent sur la vie des foyers.",
            "en": "The curves tell how households live.",
        },
        "fields": [
            {
                "name": "summers",
                "kind": "choice",
                "label": {"fr": "Étés concernés", "en": "Which summers"},
                "hint": {},
                "required": True,
                "choices": ["2025", "2026"],
            }
        ],
        "answer_days": 15,
        "renewals": 1,
    } | changes


def said_agreement(**changes: Any) -> dict[str, Any]:
    return {
        "sub": AGREEMENT_ID,
        "id": AGREEMENT_ID,
        "dataset": DATASET_ID,
        "dataset_title": "Consommation d'électricité par îlot",
        "project": PROJECT_ID,
        "project_title": "Rafraîchir la ville",
        "provider": {
            "kind": "company",
            "id": PRODUCER_ID,
            "name": "Énergie du territoire",
        },
        "requester": {"kind": "person", "id": LEADER_ID, "name": ""},
        "purpose": "research",
        "terms": said_terms(),
        "starts_at": "2026-12-01T00:00:00Z",
        "ends_at": "2027-11-30T22:59:59Z",
        "text": {"fr": "Convention", "en": "Agreement"},
        "page": "https://data.example.org/agreements/6f1f7c3e",
    } | changes


def said_standing(**changes: Any) -> dict[str, Any]:
    return {
        "sub": AGREEMENT_ID,
        "agreement": AGREEMENT_ID,
        "agreement_sha256": "ab" * 32,
        "revision": 7,
        "state": "active",
        "reason": "",
        "credentials": [
            {
                "id": PROJECT_ID,
                "sha256": "cd" * 32,
                "expires_at": "2027-11-30T22:59:59Z",
            }
        ],
    } | changes
