"""Tools that fill in a form for somebody, for programs that reason: a person reads it, completes it and sends it."""

from udi.ui.form_drafts import present_draft
from udi.ui.openapi.agent_tools import AgentTool

DRAFT_DATA_REQUEST = AgentTool(
    "draft_data_request",
    "Fill in a request for data that search_datasets does not find. Answers with the address of a form that only a person can send.",
    parameters={name: name for name in ("title", "words", "theme")},
    present=present_draft,
)
DRAFT_ACCESS_REQUEST = AgentTool(
    "draft_access_request",
    "Fill in a request for access to a restricted dataset. Answers with the address of a form that only a person can send.",
    parameters={
        "dataset_id": "dataset",
        "project_title": "title",
        "project_summary": "summary",
        "requester": "requester",
        "purpose": "purpose",
        "words": "words",
        "interest": "interest",
        "months": "months",
        "columns": "columns",
    },
    present=present_draft,
)
