"""pyshacl validates every page of a catalogue against a file of shapes: how many datasets, and what each page breaks."""

import json
import sys
import urllib.request

import loopback  # noqa: F401 - before anything opens a socket
from pyshacl import validate
from rdflib import Graph, URIRef

HYDRA_NEXT = URIRef("http://www.w3.org/ns/hydra/core#next")
DATASET = URIRef("http://www.w3.org/ns/dcat#dataset")
VIOLATION = URIRef("http://www.w3.org/ns/shacl#Violation")
SEVERITY = URIRef("http://www.w3.org/ns/shacl#resultSeverity")
url = sys.argv[1]
shapes = Graph().parse(sys.argv[2], format="turtle")
datasets = 0
broken = []
while url:
    graph = Graph()
    with urllib.request.urlopen(url) as answer:
        graph.parse(data=answer.read(), format="turtle")
    datasets += len(set(graph.objects(None, DATASET)))
    _, report, text = validate(
        graph, shacl_graph=shapes, do_owl_imports=False, advanced=False
    )
    if any(report.subjects(SEVERITY, VIOLATION)):
        broken.append(text)
    url = next((str(node) for node in graph.objects(None, HYDRA_NEXT)), "")
print(json.dumps({"datasets": datasets, "broken": broken}))
