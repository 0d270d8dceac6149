"""Those who answer for a producer, in front of the node."""

from dataclasses import dataclass
from typing import Any

import httpx

TEXTS = {
    "accept": {},
    "ask_identity": {"method": "code_to_held_address", "text": "Un code part."},
    "extend": {"reason": "complexity", "text": "Trois services à fouiller."},
    "answer": {"outcome": "fulfilled", "text": "Voici vos repas.", "done": "Cantine"},
    "refuse": {"ground": "unfounded_or_excessive", "text": "Dix fois ce mois-ci."},
    "uphold": {"text": "La décision est juste."},
    "overturn": {"text": "Cherchez encore."},
}
"""What is needed to say in each event of theirs."""


@dataclass(frozen=True)
class Agent:
    """Somebody of the producer."""

    client: httpx.AsyncClient

    async def see(self, request_id: str) -> httpx.Response:
        return await self.client.get(f"/requests/{request_id}")

    async def act(self, request_id: str, event: str, **form: Any) -> httpx.Response:
        """Have an event happen, with the least that it needs."""
        return await self.client.post(
            f"/requests/{request_id}/events/{event}",
            data={**TEXTS.get(event, {}), **form},
        )
