"""The catalogue as tools for programs that reason: what there is, one dataset, and the words that filters take."""

from typing import Any
from uuid import UUID

from udi.kit.agent_tokens import MCP_PATH as MCP
from udi.protocol.addresses import NodeAddresses, find_addresses
from udi.ui.openapi.agent_tools import AgentTool, ToolResponse

NOTHING = "No dataset answers all of this. Leave out a filter or a word; list_terms has the values that filters take."
NOT_READY = "The search index is being made: ask again in a minute."
ARGUMENTS = (
    "q",
    "theme",
    "producer",
    "access",
    "format",
    "licence",
    "keyword",
    "updated",
    "from",
    "to",
    "bbox",
    "sort",
    "page",
    "size",
)


def _present_search(response: ToolResponse) -> dict[str, Any]:
    page = response.body
    answer: dict[str, Any] = {
        "total": page["total"],
        "page": page["page"],
        "datasets": [
            {
                "dataset_id": item["id"],
                "title": item["title"],
                "synopsis": item["synopsis"],
                "producer": item["producer"],
                "licence": item["licence"],
                "access": item["access"],
                "formats": item["formats"],
                "modified": item["modified"],
                "page": item["page"],
            }
            for item in page["items"]
        ],
    }
    if page["dropped"]:
        answer["words_left_out"] = page["dropped"]
    if page["replaced"]:
        answer["words_replaced"] = page["replaced"]
    if not page["prepared"]:
        answer["why_incomplete"] = NOT_READY
    elif not page["total"]:
        answer["why_empty"] = NOTHING
    return answer


def _present_dataset(response: ToolResponse) -> dict[str, Any]:
    dataset = response.body
    files = [
        {
            key: entry[key]
            for key in ("name", "kind", "format", "url", "size", "contract")
        }
        for entry in dataset["distributions"]
    ]
    fields = (
        "title",
        "synopsis",
        "summary",
        "theme",
        "keywords",
        "producer",
        "licence",
        "access",
        "languages",
        "period",
        "bbox",
        "created",
        "modified",
        "published",
        "page",
    )
    answer = {"dataset_id": dataset["id"], **{key: dataset[key] for key in fields}}
    answer["files"] = files
    identifier = UUID(dataset["id"])
    node = next(
        (
            addresses
            for entry in dataset["distributions"]
            if (addresses := find_addresses(entry["url"], identifier)) is not None
        ),
        None,
    )
    if node is not None:
        answer["rows"] = _describe_node(node)
    return answer


def _describe_node(node: NodeAddresses) -> dict[str, str]:
    """Where rows are asked for: never here, always at the producer's node."""
    return {
        "mcp_server": f"{node.origin}{MCP}",
        "api": node.api,
        "api_description": node.api_description,
        "page": node.page,
    }


def _present_terms(response: ToolResponse) -> dict[str, Any]:
    return {"filters": response.body["facets"]}


SEARCH_DATASETS = AgentTool(
    "search_datasets",
    "Find datasets of this territory by words and filters. Each has its producer, licence, date and page. Begin here.",
    parameters={name: name for name in ARGUMENTS},
    present=_present_search,
)
LIST_TERMS = AgentTool(
    "list_terms",
    "The values that filters of search_datasets take (theme, producer, licence, format, keyword), with how many datasets have each.",
    fixed={"size": "1", "facets": "keyword"},
    present=_present_terms,
)
DESCRIBE_DATASET = AgentTool(
    "describe_dataset",
    "One dataset: description, period, area, licence, files, and where its rows can be asked for (rows are at the producer’s node, never here).",
    parameters={"dataset_id": "dataset_id"},
    present=_present_dataset,
)
