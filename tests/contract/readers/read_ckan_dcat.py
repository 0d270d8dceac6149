"""ckanext-dcat reads a catalogue page by page, as CKAN's harvester does, without a CKAN: what it makes of each dataset."""

import json
import sys
import urllib.request

import loopback  # noqa: F401 - before anything opens a socket
from ckan.common import config

config.update({"ckan.locale_default": "fr", "ckan.locales_offered": "fr en", "ckan.site_url": "http://ckan.localhost",
               "ckan.i18n.rtl_languages": "", "ckan.locales_filtered_out": "", "ckan.locale_order": ""})  # fmt: skip
from ckanext.dcat.processors import RDFParser  # noqa: E402 - after what it needs is set up

FORMATS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}
url = sys.argv[1]
form = FORMATS[sys.argv[2]]
datasets = []
while url:
    with urllib.request.urlopen(url) as answer:
        content = answer.read().decode()
    parser = RDFParser(profiles=["euro_dcat_ap_3"])
    parser.parse(content, _format=form)
    for dataset in parser.datasets():
        extras = {extra["key"]: extra["value"] for extra in dataset["extras"]}
        datasets.append(
            {
                "id": extras.get("identifier"),
                "uri": extras.get("uri"),
                "title": dataset["title"],
                "resources": len(dataset["resources"]),
                "publisher": extras.get("publisher_name"),
                "access": extras.get("access_rights"),
            }
        )
    url = parser.next_page()
print(json.dumps(datasets))
