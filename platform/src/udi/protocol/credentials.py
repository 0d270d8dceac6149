"""The tokens that a portal signs for a node: each is about one thing, does one thing, once (`docs/reference/protocol.md`)."""

from datetime import timedelta

from udi.kit.credentials import SecretKind, SignedTokenKind

ORDER = timedelta(minutes=5)
"""How long the portal's own calls are good."""
TICKET = timedelta(minutes=2)
"""How long somebody has to go from the portal to the node: with the links that the node gives them, under five minutes."""

REPORT = SignedTokenKind(typ="udi-report+jwt", scope="report", lifetime=ORDER)
"""What became of a record; its subject is the dataset."""
SPACE = SignedTokenKind(typ="udi-space+jwt", scope="space", lifetime=ORDER)
"""That an organisation has a space; its subject is the organisation."""
AGREEMENT = SignedTokenKind(
    typ="udi-agreement-delivery+jwt", scope="agreement", lifetime=ORDER
)
"""How an agreement stands; its subject is the agreement."""
READING = SignedTokenKind(typ="udi-reading+jwt", scope="read", lifetime=TICKET)
"""That whoever brings it may take the files of an agreement, which is its subject."""
TABLE_READING = SignedTokenKind(
    typ="udi-table-reading+jwt", scope="read_table", lifetime=ORDER, single_use=False
)
"""That whoever shows it may read under an agreement, which is its subject, for a few minutes: for programs that reason.

The agreement is asked at each reading, so that one that ends closes it.
"""
SUBJECT_TICKET = SignedTokenKind(
    typ="udi-subject-ticket+jwt", scope="subject_request", lifetime=TICKET
)
"""That whoever brings it may write a request about their own data; its subject is the request at the portal.

What it says besides is `protocol.subject_tickets`: no account, no address, no name.
"""
CONFIRMATION = SecretKind(name="confirmation of a request about one's own data")
"""By which the browser that wrote a request at the node ties it to the account at the portal: both show the same text.

The node keeps it until the portal took the first report; the portal keeps its digest (`hexdigest`) once the browser is back.
"""
CONSENT_LINK = SignedTokenKind(
    typ="udi-consent-link+jwt", scope="link", lifetime=TICKET
)
"""That whoever brings it gave the consent which is its subject, and may say by which number the producer knows them."""
