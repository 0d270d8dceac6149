"""What an archive holds of registers and of requests about one's own data: all but what is counted anew."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.selfdata.models import ProcessingEntry, ProcessingStatement
from udi.portal.selfdata.punctuality.models import (
    LateProducer,
    PunctualityFigure,
    SubjectRequestFigure,
)
from udi.portal.selfdata.requests.models import SubjectRequest, SubjectRequestCount

CARRIED = (
    ArchivedTable(ProcessingStatement),
    ArchivedTable(ProcessingEntry),
    ArchivedTable(SubjectRequest),
    ArchivedTable(SubjectRequestCount),
    ArchivedTable(PunctualityFigure),
)
LEFT_OUT = (
    ExcludedTable(
        SubjectRequestFigure,
        "figures for the team are counted anew each night where the territory arrives",
    ),
    ExcludedTable(
        LateProducer, "who is late is found anew each night where the territory arrives"
    ),
)
