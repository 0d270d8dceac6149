"""Which columns of this domain hold nobody: it keeps nothing of people."""

from udi.kit.personal_data import PersonalRows, neutral
from udi.node.agreements.models import AgreementUse, HeldAgreement, HeldCredential

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
)
