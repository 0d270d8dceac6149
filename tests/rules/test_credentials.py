"""No credential is made aside: what draws, signs or seals is a kind of `kit/credentials.py`, or stands here with its reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
MAKING = {
    "secrets.token_urlsafe",
    "secrets.token_bytes",
    "secrets.token_hex",
    "hmac.new",
    "hmac.digest",
    "jwt.encode",
    "jws.serialize_compact",
}
MADE = {
    "kit/credentials.py": "draws every secret",
    "kit/keys.py": "signs tokens and documents of a kind",
    "kit/login_attempts.py": "seals the state of a login (LOGIN_STATE)",
    "kit/signed_ids.py": "seals addresses of a kind, whose key its caller derives",
    "settings.py": "derives keys and the secrets of clients",
    "kit/mail_ids.py": "signs identifiers of mails, which open nothing",
    "ui/security_log.py": "writes a digest of what was shown into the log, which opens nothing",
    "kit/keyring.py": "draws the keys from which others are derived",
    "node/files/delivery/signed_urls.py": "seals addresses of files (SIGNED_ADDRESS)",
    "node/manager/tokens.py": "signs tokens of RUDI's clients (MANAGER)",
    "cli/announcement.py": "names what is announced",
    "cli/applied_marks.py": "marks what a territory was applied with, which opens nothing",
    "cli/archive/signature.py": "signs archives (ARCHIVE)",
    "kit/journal_lines.py": "draws the beginning of a chain of lines",
    "portal/nodes/actions/invite.py": "locks what an invitation opens with a key drawn from it (NODE_INVITATION)",
    "portal/notifications/webhooks/signatures.py": "draws and signs as Standard Webhooks say (WEBHOOK_SECRET)",
    "cli/local/state.py": "draws passwords of an installation's own parts",
    "cli/local/cluster_script.py": "hashes passwords of database roles as PostgreSQL keeps them; a hash opens nothing",
    "cli/secret_files.py": "draws the secret of the worker's client at Keycloak",
    "cli/local/emails.py": "names the files of a mailbox",
    "cli/checks/mail.py": "names a mail of a trial",
    "ui/request_log.py": "names a request in the log",
    "node/datasets/actions/anonymise.py": "derives the key with which columns are coded",
    "tabular/personal/transformations.py": "codes a column",
    "node/agreements/consent_links.py": "digests the number of who lends, to find it again, and its reference; they open nothing",
    "kit/shared_memory.py": "salts what is counted of readers",
    "portal/catalogue/search/build.py": "names a folder",
}


def made_in(path: Path) -> Iterator[str]:
    text = path.read_text()
    if not any(making.partition(".")[0] in text for making in MAKING):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKING:
            yield ast.unparse(node.func)


def test_credentials_are_made_where_their_kinds_are() -> None:
    paths = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(made_in(path))
    }

    assert paths == set(MADE)
