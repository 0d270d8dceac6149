"""A secret that stands in a path is in no log: the reverse proxy leaves it out."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROXY = ROOT / "infra/ansible/roles/reverse_proxy/templates/udi.conf.j2"
ROUTES = Path(__file__).with_name("routes.txt").read_text().splitlines()
SECRET = re.compile(r"\{(\w*_)?(token|secret|signature|password|ticket|key)\}")
"""A parameter that is a secret itself; `{key_id}` names one and is none."""
BLANKED = re.compile(r'"~(\S+)" "\$udi_open_path-";')


def test_the_log_of_the_proxy_leaves_out_each_secret_of_a_path() -> None:
    [pattern] = BLANKED.findall(PROXY.read_text(encoding="utf-8"))
    open_path = re.compile(pattern.replace("(?<", "(?P<"))
    secret_paths = {path for *_, path in map(str.split, ROUTES) if SECRET.search(path)}
    logged = set()
    for path in secret_paths:
        open_part = open_path.match(path)
        if open_part is None or SECRET.search(open_part["udi_open_path"]):
            logged.add(path)

    assert len(secret_paths) >= 5
    assert logged == set()
