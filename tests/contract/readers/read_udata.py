"""udata's own DCAT reader walks a catalogue and makes a dataset of each, without a server and with a database in memory."""

import json
import sys
import urllib.request

import loopback  # noqa: F401 - before anything opens a socket
import mongoengine
import mongomock
from flask import Flask
from flask_babel import Babel
from rdflib import Graph
from rdflib.namespace import RDF
from udata.core.dataset.rdf import dataset_from_rdf
from udata.harvest.backends.dcat import KNOWN_PAGINATION
from udata.rdf import DCAT
from udata.settings import Defaults

FORMATS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}
mongoengine.connect(
    "udata",
    host="mongodb://localhost",
    mongo_client_class=mongomock.MongoClient,
    uuidRepresentation="standard",
)
app = Flask("reader")
app.config.from_object(Defaults)
app.config["SERVER_NAME"] = "udata.localhost"
Babel(app)
url = sys.argv[1]
datasets = []
with app.app_context():
    while url:
        graph = Graph()
        with urllib.request.urlopen(url) as answer:
            graph.parse(data=answer.read(), format=FORMATS[sys.argv[2]])
        for node in graph.subjects(RDF.type, DCAT.Dataset):
            dataset = dataset_from_rdf(graph, node=node, dryrun=True)
            datasets.append(
                {
                    "title": dataset.title,
                    "id": dataset.harvest.dct_identifier,
                    "remote": dataset.harvest.remote_url,
                    "resources": [resource.url for resource in dataset.resources],
                    "access": str(dataset.access_type),
                    "tags": list(dataset.tags or []),
                }
            )
        url = ""
        for kind, following in KNOWN_PAGINATION:
            for page in graph.subjects(RDF.type, kind):
                if value := graph.value(page, following):
                    url = str(value)
print(json.dumps(datasets))
