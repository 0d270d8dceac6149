"""A real CKAN on loopback with the datasets of a file: `serve_ckan.py PORT RECORDS WORKPLACE DATABASE SOLR`.

RECORDS is a JSON list of what `package_create` takes; DATABASE the address of an empty database of CKAN's own, SOLR that of a
core with CKAN's schema. Prints `ready` once it answers; `WORKPLACE/token` is then the key of its administrator. Runs in the
environment of `ckan.txt`, without plugins and without Redis, which CKAN asks for jobs only.
"""

import json
import secrets
import sys
from pathlib import Path
from typing import Any

SETTINGS = """[app:main]
use = egg:ckan
SECRET_KEY = {secret}
sqlalchemy.url = {database}
solr_url = {solr}
ckan.site_id = tests
ckan.site_title = Catalogue
ckan.site_url = http://127.0.0.1:{port}
ckan.locale_default = fr
ckan.storage_path = {workplace}/storage
ckan.views.default_views =
ckan.redis.url = redis://127.0.0.1:1/0
"""
ADMIN = "team"
BATCH = 500
ABOUT = {"user": ADMIN, "ignore_auth": True}


def load(packages: list[dict[str, Any]], workplace: Path) -> None:
    """An administrator, the organisations that the datasets name, and the datasets, which are indexed at the end."""
    from ckan import model  # noqa: PLC0415 - only where CKAN is
    from ckan.lib import search  # noqa: PLC0415 - the same
    from ckan.logic import get_action  # noqa: PLC0415 - the same

    model.repo.init_db()
    user = get_action("user_create")(
        {"ignore_auth": True},
        {
            "name": ADMIN,
            "email": "team@ckan.example",
            "password": secrets.token_urlsafe(16),
        },
    )
    model.User.get(user["id"]).sysadmin = True
    model.repo.commit()
    api_token = get_action("api_token_create")(
        dict(ABOUT), {"user": ADMIN, "name": "tests"}
    )
    (workplace / "token").write_text(api_token["token"])
    for name in sorted({dataset["owner_org"] for dataset in packages}):
        get_action("organization_create")(
            dict(ABOUT), {"name": name, "title": name.replace("-", " ").capitalize()}
        )
    for tag in sorted(
        {tag["name"] for dataset in packages for tag in dataset.get("tags", ())}
    ):
        model.Session.add(model.Tag(name=tag))
    for number, package in enumerate(packages, 1):
        get_action("package_create")(
            {**ABOUT, "defer_commit": True, "return_id_only": True}, package
        )
        if number % BATCH == 0:
            model.repo.commit()
            model.Session.remove()
    model.repo.commit()
    search.rebuild(force=True, defer_commit=True, quiet=True)
    search.commit()


def main(port: int, records: Path, workplace: Path, database: str, solr: str) -> None:
    """Load, then serve until stopped."""
    from ckan.cli import CKANConfigLoader  # noqa: PLC0415 - only where CKAN is
    from ckan.config.middleware import make_app  # noqa: PLC0415 - the same
    from werkzeug.serving import make_server  # noqa: PLC0415 - the same

    settings = workplace / "ckan.ini"
    facts = {"database": database, "solr": solr, "port": port, "workplace": workplace}
    settings.write_text(SETTINGS.format(secret=secrets.token_urlsafe(32), **facts))
    application = make_app(CKANConfigLoader(str(settings)).get_config())
    flask = getattr(application, "_wsgi_app", application)
    with flask.test_request_context():
        load(json.loads(records.read_text()), workplace)
    server = make_server("127.0.0.1", port, application, threaded=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(
        int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5]
    )
