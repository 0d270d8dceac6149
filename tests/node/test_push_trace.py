"""One publication is one trace: the request at the node, its job, the call to the portal, and what the portal does with it."""

import json

import httpx
import pytest
from litestar import Litestar

from tests.contract.node import clear_queue
from tests.node.counterpart import PortalDouble
from tests.node.producer import Producer
from udi.kit import logs, traces
from udi.kit.jobs import Worker
from udi.kit.program_calls import call_program
from udi.kit.tenancy import Territory
from udi.kit.traces import Span
from udi.node.datasets.actions.outbox import PUSH_DATASET
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.datasets.tasks import task_handlers
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.settings import Settings
from udi.ui.site import Site

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


async def push_waiting(site: Site, settings: Settings) -> None:
    """Have the worker of the node push what waits, once."""
    client = PortalClient(settings, site.outgoing)
    handlers = task_handlers(
        site.database, site.registry, client, site.services[OBJECTS]
    )
    push = handlers[PUSH_DATASET]

    async def push_and_stop(job: object) -> None:
        await push(job)  # type: ignore[arg-type]  # a job
        worker.stop()

    worker = Worker(site.database, {PUSH_DATASET: push_and_stop})
    await worker.run()


async def test_a_push_through_node_and_portal_is_one_trace(
    producer: Producer, portal: PortalDouble, node_site: Site, portal_app: Litestar, settings: Settings,
    demo: Territory, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    await clear_queue(node_site)
    spans: list[Span] = []
    producer.client.headers["traceparent"] = PARENT
    dataset = await producer.publish()
    traces.listen(spans.append)
    logs.configure("json")
    try:
        await push_waiting(node_site, settings)
        [(method, path, body, headers)] = portal.pushed
        transport = httpx.ASGITransport(app=portal_app)
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{demo.hosts[0]}"
        ) as node:
            sent = {"traceparent": headers["traceparent"]}
            await node.request(method, path, json=body, headers=sent)
    finally:
        traces.stop_listening()
        logs.configure("text")
        del producer.client.headers["traceparent"]

    trace_spans = [span for span in spans if span.context.trace_id == TRACE]
    by_id = {span.context.span_id: span for span in trace_spans}
    [at_portal] = [span for span in trace_spans if span.name == f"{method} {path}"]
    call = by_id[at_portal.context.parent_id]
    job = by_id[call.context.parent_id]
    printed = capfd.readouterr().err.splitlines()
    lines = [json.loads(line) for line in printed if line.startswith("{")]
    [line] = [
        line for line in lines if line["event"] == "request" and line["route"] == path
    ]
    assert dataset in json.dumps(body)
    assert (call.name, job.name) == (f"call {method}", f"job {PUSH_DATASET}")
    assert (line["trace_id"], line["span_id"]) == (TRACE, at_portal.context.span_id)


async def test_a_call_to_anybody_else_carries_no_trace(
    node_site: Site, portal: PortalDouble
) -> None:
    with traces.open_span("request", traces.SpanKind.SERVER):
        await node_site.outgoing.request("GET", f"{portal.origin}/elsewhere")
        await call_program(node_site.outgoing, "GET", f"{portal.origin}/program")

    carried = {path: "traceparent" in headers for _, path, _, headers in portal.pushed}
    assert carried == {"/elsewhere": False, "/program": True}
