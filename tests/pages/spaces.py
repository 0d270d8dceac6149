"""A project that speaks with a machine of a data space: what it was offered, and data that it fetches."""

import uuid
from typing import Any

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.dataspace import transfers
from udi.portal.dataspace.connectors import ConnectorInput, add_connector
from udi.portal.dataspace.negotiations import consumer_negotiations
from udi.portal.dataspace.transitions import NegotiationState, TransferState
from udi.portal.projects.models import Project
from udi.protocol.odrl import PURPOSES
from udi.protocol.terms import Purpose
from udi.ui.site import Site

DATASET = "urn:uuid:11111111-2222-4333-8444-555555555555"
OFFER: dict[str, Any] = {
    "@id": "urn:offre:1", "permission": [{"action": "use", "constraint": [
        {"leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": [{"@id": PURPOSES[Purpose.RESEARCH]}]},
        {"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": {"@value": "P6M"}},
    ]}],
}  # fmt: skip


async def connect(site: Site, territory: Territory, project_id: str) -> dict[str, str]:
    """A connector, an offer that waits for whoever leads the project, and the place of data that were fetched."""
    async with site.database.session(territory.id, role="worker") as session:
        project = await session.get_one(Project, (territory.id, uuid.UUID(project_id)))
        assert project.leader_id is not None
        leader = Actor(project.leader_id, "", "", territory.slug)
        connector_input = ConnectorInput(
            name="Le laboratoire voisin", participant="did:web:voisin.example", address="https://voisin.example/dsp",
            purpose=Purpose.RESEARCH, words="Comparer deux villes.",
        )  # fmt: skip
        connector, _ = await add_connector(session, leader, project, connector_input)
        negotiation = await consumer_negotiations.request_dataset(
            session, leader, connector, DATASET, OFFER
        )
        negotiation.state = NegotiationState.OFFERED
        negotiation.reason = "Six mois, pas davantage."
        transfer = await transfers.request_transfer(
            session, leader, connector, "urn:accord:1", dataset=DATASET
        )
        transfer.state = TransferState.STARTED
        transfer.data_address = {
            "endpoint": "https://voisin.example/arbres",
            "endpointProperties": [],
        }
        return {
            "portal connector": str(connector.id), "portal negotiation": str(negotiation.id),
            "portal transfer": str(transfer.id),
        }  # fmt: skip
