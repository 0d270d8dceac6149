"""What an archive holds of a territory's versions."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.tenants.models import (
    PublishedFile,
    SpentBudget,
    TerritoryDraft,
    TerritoryFile,
    TerritoryVersion,
)

CARRIED = (
    ArchivedTable(TerritoryFile),
    ArchivedTable(TerritoryVersion),
    ArchivedTable(PublishedFile),
    ArchivedTable(TerritoryDraft),
)
LEFT_OUT = (
    ExcludedTable(SpentBudget, "what was counted of people and addresses lasts a day"),
)
