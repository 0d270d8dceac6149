"""Which columns of this domain hold nobody: it keeps nothing of people."""

from udi.kit.personal_data import PersonalRows, neutral
from udi.node.agreements.models import (
    AgreementUse,
    ConsentLink,
    HeldAgreement,
    HeldConsent,
    HeldCredential,
    PersonColumn,
)

PERSONAL: tuple[PersonalRows, ...] = ()
NEUTRAL = (
    neutral(
        HeldAgreement,
        "dataset_id document status",
        "the signed text, which names a person by an identifier of the portal only",
    ),
    neutral(HeldCredential, "dataset_id credential_id", "a secret of a machine"),
    neutral(
        AgreementUse,
        "agreement_id dataset_id credential_id outcome",
        "a reading of a project's machine",
    ),
    neutral(PersonColumn, "dataset_id name", "the name of a column"),
    neutral(
        HeldConsent,
        "agreement_id dataset_id document state",
        "how a consent stands, under an identifier drawn for it: no account is known here",
    ),
    neutral(
        ConsentLink,
        "dataset_id code code_digest column_name state",
        "the number by which a producer knows somebody, sealed, beside no account; it goes when the consent ends",
    ),
)
