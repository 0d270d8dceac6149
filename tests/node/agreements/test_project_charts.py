"""A chart of restricted data: drawn of the columns and rows that the agreement of a project opens, and of nothing else."""

import httpx

from tests.node.agreements.granting import HIDDEN, IN_PART, Granting


async def test_a_project_draws_its_own_columns_and_rows(
    meters: str, portal: Granting, machine: httpx.AsyncClient
) -> None:
    grant = portal.grant(meters, IN_PART)
    assert (await portal.push(machine, grant)).status_code == 200
    address = f"/datasets/{meters}/chart.svg"

    nobody = await machine.get(address)
    drawn = await machine.get(f"{address}?by=commune", headers=grant.headers)
    other = await machine.get(f"{address}?by=note", headers=grant.headers)

    assert nobody.status_code in {401, 403}
    assert drawn.status_code == 200
    assert HIDDEN not in drawn.text
    assert other.status_code == 403
