"""Why data about people may be held (GDPR art. 6), and what that means for each right of these people (art. 15 to 21)."""

from collections.abc import Mapping
from enum import StrEnum

from udi.protocol.subject_requests import SubjectRight


class LegalBasis(StrEnum):
    """The six of art. 6(1), in its order; no other is lawful."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


class RightScope(StrEnum):
    """What somebody may expect of a right; they may always ask, and the producer answers with its reason."""

    FULL = "full"
    LIMITED = "limited"
    """In some cases only: the page says which."""
    UNUSUAL = "unusual"
    """The law does not give it on this basis."""


BY_ANY_BASIS: Mapping[SubjectRight, RightScope] = {
    SubjectRight.ACCESS: RightScope.FULL,
    SubjectRight.RECTIFICATION: RightScope.FULL,
    SubjectRight.RESTRICTION: RightScope.LIMITED,
}
"""Art. 15, 16, and the four cases of 18(1)."""
BY_BASIS: Mapping[tuple[SubjectRight, LegalBasis], RightScope] = {
    (SubjectRight.ERASURE, LegalBasis.CONSENT): RightScope.FULL,
    (SubjectRight.ERASURE, LegalBasis.CONTRACT): RightScope.LIMITED,
    (SubjectRight.ERASURE, LegalBasis.LEGAL_OBLIGATION): RightScope.UNUSUAL,
    (SubjectRight.ERASURE, LegalBasis.VITAL_INTERESTS): RightScope.LIMITED,
    (SubjectRight.ERASURE, LegalBasis.PUBLIC_TASK): RightScope.LIMITED,
    (SubjectRight.ERASURE, LegalBasis.LEGITIMATE_INTERESTS): RightScope.LIMITED,
    (SubjectRight.OBJECTION, LegalBasis.CONSENT): RightScope.UNUSUAL,
    (SubjectRight.OBJECTION, LegalBasis.CONTRACT): RightScope.UNUSUAL,
    (SubjectRight.OBJECTION, LegalBasis.LEGAL_OBLIGATION): RightScope.UNUSUAL,
    (SubjectRight.OBJECTION, LegalBasis.VITAL_INTERESTS): RightScope.UNUSUAL,
    (SubjectRight.OBJECTION, LegalBasis.PUBLIC_TASK): RightScope.LIMITED,
    (SubjectRight.OBJECTION, LegalBasis.LEGITIMATE_INTERESTS): RightScope.LIMITED,
    (SubjectRight.PORTABILITY, LegalBasis.CONSENT): RightScope.LIMITED,
    (SubjectRight.PORTABILITY, LegalBasis.CONTRACT): RightScope.LIMITED,
    (SubjectRight.PORTABILITY, LegalBasis.LEGAL_OBLIGATION): RightScope.UNUSUAL,
    (SubjectRight.PORTABILITY, LegalBasis.VITAL_INTERESTS): RightScope.UNUSUAL,
    (SubjectRight.PORTABILITY, LegalBasis.PUBLIC_TASK): RightScope.UNUSUAL,
    (SubjectRight.PORTABILITY, LegalBasis.LEGITIMATE_INTERESTS): RightScope.UNUSUAL,
}
"""Art. 17(1) and (3), 21(1), 20(1) and (3)."""


def scope_of_right(right: SubjectRight, basis: LegalBasis) -> RightScope:
    """What somebody may expect of a right, where data about them are held on this basis."""
    if right in BY_ANY_BASIS:
        return BY_ANY_BASIS[right]
    return BY_BASIS[right, basis]
