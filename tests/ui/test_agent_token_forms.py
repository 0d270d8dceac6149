"""What a program that reasons shows as its token is told apart before anything of it is proved."""

import base64

import pytest

from udi.ui.mcp.authorization import _is_of_identity_service


@pytest.mark.parametrize("header", [b"[" * 5000, b"\xff", b"{", b"[]"])
def test_a_header_that_cannot_be_read_is_for_the_identity_service_to_refuse(
    header: bytes,
) -> None:
    encoded = base64.urlsafe_b64encode(header).decode().rstrip("=")

    assert _is_of_identity_service(f"{encoded}.e30.eA")
