"""What people read and do on pages of some domains, programs can by `/api/v1`: a page without a row, or a reason, fails."""

from collections.abc import Iterator

from litestar import Litestar
from litestar.routes import HTTPRoute

API = "/api/v1"
PACKAGES = (
    "udi.portal.access.",
    "udi.portal.dataspace.pages",
    "udi.portal.identity.credentials.",
    "udi.portal.projects.calls.",
    "udi.portal.projects.data_requests.",
    "udi.portal.projects.suggestions.",
)
"""Where the handlers of terms, credentials, renewals, calls, suggestions and requests for data are."""
MACHINES = (f"{API}/", "/kalim/", "/apigateway/", "/konsult/", "/dsp/", "/oauth")
"""How addresses begin that are no pages."""
POLICY = f"{API}/access-policies/{{restricted_id}}"
REQUESTS = f"{API}/access-requests"
REQUEST = f"{REQUESTS}/{{access_request_id}}"
AGREEMENTS = f"{API}/agreements"
AGREEMENT = f"{AGREEMENTS}/{{agreement_id}}"
PROJECT = f"{API}/projects/{{project_id}}"
CALLS = f"{API}/calls"
CALL = f"{CALLS}/{{call_id}}"
SUGGESTIONS = f"{API}/suggestions"
DATA_REQUESTS = f"{API}/data-requests"
DATA_REQUEST = f"{DATA_REQUESTS}/{{data_request_id}}"
TERMS = {
    "GET /data/{dataset_id}/access-policy": f"GET {POLICY}",
    "GET /data/{dataset_id}/access-policy.jsonld": f"GET {POLICY}",
    "GET /data/{dataset_id}/access-policy.ttl": f"GET {POLICY}",
    "GET /data/{dataset_id}/access-policy/edit": f"GET {POLICY}",
    "POST /data/{dataset_id}/access-policy/edit": f"PUT {POLICY}",
    "GET /data/{dataset_id}/access-requests/new": f"GET {REQUESTS}/draft",
    "POST /data/{dataset_id}/access-requests/new": f"POST {REQUESTS}",
    "GET /access-requests": f"GET {REQUESTS}",
    "GET /access-requests/{request_id}": f"GET {REQUEST}",
    "GET /access-requests/{request_id}/deadline.ics": f"GET {REQUEST}",
    "GET /access-requests/{request_id}/documents/{document_id}": f"GET {REQUEST}/documents/{{document_id}}",
    "GET /access-requests/{request_id}/correct": f"GET {REQUEST}",
    "POST /access-requests/{request_id}/correct": f"PUT {REQUEST}",
    "POST /access-requests/{request_id}/{event}": f"POST {REQUEST}/events",
}
RENEWALS = {
    "GET /agreements": f"GET {AGREEMENTS}",
    "GET /agreements.atom": f"GET {AGREEMENTS}",
    "GET /agreements/{agreement_id}": f"GET {AGREEMENTS}/mine",
    "GET /agreements/{agreement_id}/agreement.jsonld": f"GET {AGREEMENT}/signed",
    "GET /agreements/{agreement_id}/agreement.jws": f"GET {AGREEMENT}/signed",
    "GET /agreements/{agreement_id}/agreement.pdf": f"GET {AGREEMENT}/signed",
    "GET /agreements/{agreement_id}/files": f"GET {AGREEMENT}/reading-key",
    "POST /agreements/{agreement_id}/renew": f"POST {AGREEMENT}/renewal",
    "POST /agreements/{agreement_id}/{event}": f"POST {AGREEMENT}/events",
}
CREDENTIAL = f"{PROJECT}/credentials/{{credential_id}}"
CONNECTOR = f"{PROJECT}/connectors/{{connector_id}}"
CREDENTIALS = {
    "GET /projects/{project_id}/access": f"GET {PROJECT}/credentials",
    "POST /projects/{project_id}/access/credentials": f"POST {PROJECT}/credentials",
    "POST /projects/{project_id}/access/credentials/{credential_id}/renew": f"POST {CREDENTIAL}/renewal",
    "POST /projects/{project_id}/access/credentials/{credential_id}/revoke": f"DELETE {CREDENTIAL}",
    "POST /projects/{project_id}/access/key": f"PUT {PROJECT}/key",
    "POST /projects/{project_id}/access/key/remove": f"DELETE {PROJECT}/key",
    "GET /projects/{project_id}/data-spaces": f"GET {PROJECT}/connectors",
    "POST /projects/{project_id}/data-spaces/connectors": f"POST {PROJECT}/connectors",
    "POST /projects/{project_id}/data-spaces/connectors/{connector_id}/renew": f"POST {CONNECTOR}/renewal",
    "POST /projects/{project_id}/data-spaces/connectors/{connector_id}/revoke": f"DELETE {CONNECTOR}",
}
SUBMISSION = f"{CALL}/submissions/{{submission_id}}"
ABOUT_CALLS = {
    "GET /calls": f"GET {CALLS}",
    "GET /calls.atom": f"GET {CALLS}",
    "GET /calls/{call_id}": f"GET {CALL}",
    "GET /calls/{call_id}/calendar.ics": f"GET {CALL}",
    "POST /calls/{call_id}/questions": f"POST {CALL}/questions",
    "GET /calls/{call_id}/answer": f"GET {CALLS}/mine",
    "POST /calls/{call_id}/answer": f"PUT {CALL}/projects/{{project_id}}",
    "GET /calls/{call_id}/submissions/{submission_id}": f"GET {SUBMISSION}",
    "POST /calls/{call_id}/submissions/{submission_id}": f"PUT {SUBMISSION}/scores",
    "POST /calls/{call_id}/submissions/{submission_id}/withdraw": f"DELETE {CALL}/projects/{{project_id}}",
    "GET /calls/new": f"GET {CALLS}/mine",
    "POST /calls/new": f"POST {CALLS}",
    "GET /calls/{call_id}/edit": f"GET {CALL}/text",
    "POST /calls/{call_id}/edit": f"PUT {CALL}",
    "GET /calls/{call_id}/organise": f"GET {CALL}/progress",
    "POST /calls/{call_id}/organise/{what}": f"POST {CALL}/events",
    "GET /calls/{call_id}/jury": f"GET {CALL}/progress",
    "POST /calls/{call_id}/jury": f"PUT {CALL}/conflicts",
}
ABOUT_SUGGESTIONS = {
    "GET /my-space/suggestions": f"GET {SUGGESTIONS}",
    "GET /my-space/suggestions/interests": f"GET {SUGGESTIONS}",
    "POST /my-space/suggestions/interests": f"PUT {SUGGESTIONS}/interests",
    "POST /my-space/suggestions/marks": f"POST {SUGGESTIONS}/marks",
    "GET /my-space/suggestions/messages/new": f"GET {SUGGESTIONS}",
    "POST /my-space/suggestions/messages": f"POST {SUGGESTIONS}/messages",
    "POST /my-space/suggestions/off": f"POST {SUGGESTIONS}/off",
    "GET /data-requests": f"GET {DATA_REQUESTS}",
    "GET /data-requests.atom": f"GET {DATA_REQUESTS}",
    "GET /data-requests/new": f"GET {DATA_REQUESTS}/draft",
    "POST /data-requests/new": f"POST {DATA_REQUESTS}",
    "GET /data-requests/{request_id}": f"GET {DATA_REQUEST}",
    "GET /data-requests/{request_id}/correct": f"GET {DATA_REQUEST}",
    "POST /data-requests/{request_id}/correct": f"PUT {DATA_REQUEST}",
    "POST /data-requests/{request_id}/decide": f"POST {DATA_REQUEST}/events",
    "POST /data-requests/{request_id}/support": f"PUT {DATA_REQUEST}/support",
    "POST /data-requests/{request_id}/withdraw": f"POST {DATA_REQUEST}/events",
}
OPERATIONS = TERMS | RENEWALS | CREDENTIALS | ABOUT_CALLS | ABOUT_SUGGESTIONS
"""By what a page shows or changes, the operation that does the same."""
TOKENS = "a token that makes others would outlive its own end: their owner makes and revokes them, logged in"
DATA_SPACES = (
    "a program speaks with other connectors itself, by the protocol of data spaces"
)
MAILS = (
    "an address of a mail, for who is not logged in; a program uses /suggestions/off"
)
EXCEPTIONS = {
    "GET /my-space/tokens": TOKENS,
    "POST /my-space/tokens": TOKENS,
    "POST /my-space/tokens/{token_id}/revoke": TOKENS,
    "GET /projects/{project_id}/data-spaces/connectors/{connector_id}/catalogue": DATA_SPACES,
    "POST /projects/{project_id}/data-spaces/connectors/{connector_id}/ask": DATA_SPACES,
    "GET /projects/{project_id}/data-spaces/{process_id}": DATA_SPACES,
    "POST /projects/{project_id}/data-spaces/{process_id}/{action}": DATA_SPACES,
    "GET /my-space/suggestions/off/{token}": MAILS,
    "POST /my-space/suggestions/off/{token}": MAILS,
}
"""Pages that no operation does, each with its reason."""


def list_routes(app: Litestar) -> Iterator[tuple[str, str]]:
    """`METHOD path` of each address, and the module of its handler."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            for method in handler.http_methods:
                yield f"{method} {route.path_format}", handler.fn.__module__


def list_pages(app: Litestar) -> set[str]:
    """What pages of these domains show (GET) and change (POST)."""
    return {
        address
        for address, module in list_routes(app)
        if f"{module}.".startswith(PACKAGES)
        and address.split()[0] in {"GET", "POST"}
        and not address.split()[1].startswith(MACHINES)
    }


def test_each_page_has_an_operation_or_a_reason(portal_app: Litestar) -> None:
    assert list_pages(portal_app) == OPERATIONS.keys() | EXCEPTIONS.keys()
    assert OPERATIONS.keys().isdisjoint(EXCEPTIONS)


def test_each_operation_of_the_table_is_served(portal_app: Litestar) -> None:
    served = {address for address, _ in list_routes(portal_app)}

    assert set(OPERATIONS.values()) - served == set()
