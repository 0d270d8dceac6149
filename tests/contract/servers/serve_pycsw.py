"""A real pycsw on loopback with the ISO 19139 records of a folder: `serve_pycsw.py PORT FOLDER WORKPLACE`.

Prints `ready` once it answers at `/csw`; runs in the environment of `pycsw.txt`.
"""

import os
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIServer, make_server
from socketserver import ThreadingMixIn

SETTINGS = """[server]
home=.
url=http://127.0.0.1:{port}/csw
mimetype=application/xml; charset=UTF-8
encoding=UTF-8
language=en-US
maxrecords=10
loglevel=ERROR
logfile=
profiles=apiso
[manager]
transactions=true
allowed_ips=127.0.0.1
[metadata:main]
identification_title=Catalogue
identification_abstract=Records of tests
identification_keywords=catalogue
identification_keywords_type=theme
identification_fees=None
identification_accessconstraints=None
provider_name=Tests
provider_url=http://127.0.0.1/
contact_name=Tests
contact_position=None
contact_address=None
contact_city=None
contact_stateorprovince=None
contact_postalcode=0
contact_country=FR
contact_phone=0
contact_fax=0
contact_email=tests@csw.example
contact_url=http://127.0.0.1/
contact_hours=0
contact_instructions=None
contact_role=pointOfContact
[metadata:inspire]
enabled=false
[repository]
database={database}
table=records
"""


class Server(ThreadingMixIn, WSGIServer):
    """Each request in a thread of its own."""

    daemon_threads = True


def main(port: int, records: Path, workplace: Path) -> None:
    """Load, then serve until stopped."""
    database = f"sqlite:///{workplace / 'records.db'}"
    settings = workplace / "pycsw.cfg"
    settings.write_text(SETTINGS.format(port=port, database=database))
    os.environ |= {"PYCSW_ROOT": str(workplace), "PYCSW_CONFIG": str(settings)}
    from pycsw.core import admin, config  # noqa: PLC0415 - only where pycsw is

    admin.setup_db(
        database,
        "records",
        str(workplace),
        create_sfsql_tables=False,
        create_plpythonu_functions=False,
    )
    context = config.StaticContext()
    admin.load_records(context, database, "records", str(records))
    from pycsw import wsgi  # noqa: PLC0415 - reads the settings as it is imported

    with make_server(
        "127.0.0.1", port, wsgi.application, server_class=Server
    ) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
