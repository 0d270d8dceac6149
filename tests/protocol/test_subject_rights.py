"""What somebody may expect of each right on each legal basis, against a table written from the articles."""

from itertools import product

import pytest

from udi.protocol.subject_requests import SubjectRight
from udi.protocol.subject_rights import LegalBasis, scope_of_right

TABLE = """
                     access rectification erasure restriction objection portability
consent              full   full          full    limited     unusual   limited
contract             full   full          limited limited     unusual   limited
legal_obligation     full   full          unusual limited     unusual   unusual
vital_interests      full   full          limited limited     unusual   unusual
public_task          full   full          limited limited     limited   unusual
legitimate_interests full   full          limited limited     limited   unusual
"""
RIGHTS, *LINES = [line.split() for line in TABLE.strip().splitlines()]
EXPECTED = {
    (basis, right): scope
    for basis, *scopes in LINES
    for right, scope in zip(RIGHTS, scopes, strict=True)
}


@pytest.mark.parametrize(("basis", "right"), list(product(LegalBasis, SubjectRight)))
def test_the_scope_of_a_right(basis: LegalBasis, right: SubjectRight) -> None:
    assert scope_of_right(right, basis) == EXPECTED[basis, right]
