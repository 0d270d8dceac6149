"""The form of a source and the key of a server in a real browser, on a wide and a narrow screen."""

import pytest

from tests.node.producer import TABLE
from tests.node.sources.renewal import Renewal
from tests.node.sources.sftp_server import PASSWORD, SftpServer
from tests.ui.tab import Answered, Tab


@pytest.mark.thorough
async def test_the_form_and_the_key_of_a_server_are_shown_at_every_width(
    renewal: Renewal, sftp: SftpServer, tab: Tab
) -> None:
    (sftp.folder / "a.csv").write_bytes(TABLE)
    client = renewal.producer.client
    path = f"/datasets/{renewal.dataset}"
    node = renewal.territory.links["node"]
    refusal = await renewal.post(sftp.address())
    form = f"{path}/source"
    await renewal.save(sftp.address(), password=PASSWORD)
    await renewal.look()

    assert (
        await tab.find_faults(
            Answered(client, form, refusal), f"{node}{form}", "source", "fr"
        )
        == []
    )
    assert (
        await tab.find_faults(client, f"{node}{path}", "source-key", "fr", "en") == []
    )
