"""What each kind of credential opens, and nothing besides: `program METHOD address`, with `*` for any text.

A kind that is declared in the code and has no line here fails the trial.
"""

NOTHING: tuple[str, ...] = ()
OPENS: dict[str, tuple[str, ...]] = {
    # Signed by a portal, for one call to a node.
    "udi-report+jwt": (
        "node GET /resources/{dataset_id}/report",
        "node PUT /resources/{dataset_id}/report",
        "node GET /api/v1/resources/{dataset_id}/report",
        "node PUT /api/v1/resources/{dataset_id}/report",
    ),
    "udi-space+jwt": ("node PUT /api/v1/spaces/{organisation_id}",),
    "udi-agreement-delivery+jwt": ("node PUT /api/v1/agreements/{agreement_id}",),
    "udi-reading+jwt": ("node POST /agreements/{agreement_id}/files",),
    "udi-table-reading+jwt": (
        "node GET /datasets/{dataset_id}/file",
        "node GET /datasets/{dataset_id}/*",
        "node GET /api/resources/{resource_id}*",
        "node GET /ogc/{resource_id}*",
        "node GET /storage/download/{media_id}",
        "node GET /files/{file_id}/{filename}",
        "node POST /mcp",
    ),
    "udi-subject-ticket+jwt": ("node POST /subjects/tickets",),
    "udi-consent-link+jwt": ("node POST /consents/{consent_id}/link",),
    # Signed by a node, for itself.
    "udi-manager+jwt": (
        "node DELETE /manager/api/v1/catalog/{kind}/{object_id}",
        "node GET /manager/api/v1/catalog/*",
        "node GET /manager/api/v1/storage/jwt",
        "node POST /manager/api/v1/media/commit",
        "node GET /storage/*",
        "node POST /storage/post",
        "node PUT /manager/api/v1/catalog/{kind}",
    ),
    # Evidence.
    "udi-agreement+jwt": NOTHING,
    "udi-agreement-status+jwt": NOTHING,
    "udi-consent-freshness+jws": NOTHING,
    "udi-consent-receipt+jws": NOTHING,
    "udi-consent-status+jws": NOTHING,
    "udi-archive": NOTHING,
    "udi-journal": NOTHING,
    "udi-subject-dossier+jwt": NOTHING,
    # Secrets of people and of machines.
    "session at the portal": ("portal *",),
    "session at the node": ("node *",),
    "session of a reader of answers": (
        "node GET /subjects/consents",
        "node GET /subjects/my-data",
        "node GET /subjects/my-data.csv",
        "node GET /subjects/my-data.json",
        "node GET /subjects/requests",
    ),
    "token of a person": (
        "portal * /api/v1/*",
        "portal * /api/3/action/*",
        "portal POST /mcp",
    ),
    "key of a space": (
        "node DELETE /api/v1/datasets/{dataset_id}/versions/{number}",
        "node * /api/v1/datasets/{dataset_id}/parts*",
        "node * /api/v1/datasets/{dataset_id}/source*",
        "node GET /api/v1/sources",
        "node DELETE /uploads/{upload_id}",
        "node GET /uploads/{upload_id}",
        "node PATCH /uploads/{upload_id}",
        "node POST /manager/api/v1/front/login",
        "node POST /spaces/{slug}/uploads",
        "node PUT /api/v1/datasets/{dataset_id}/file",
    ),
    "project credential": (
        "node GET /api/v1/agreements/{agreement_id}/uses",
        "node GET /datasets/{dataset_id}/file",
        "node GET /datasets/{dataset_id}/*",
        "node GET /api/resources/{resource_id}*",
        "node GET /ogc/{resource_id}*",
        "node GET /storage/download/{media_id}",
        "node GET /files/{file_id}/{filename}",
        "node POST /mcp",
    ),
    "connector of a project": (
        "portal GET /dsp/2025-1/negotiations/{pid}",
        "portal GET /dsp/2025-1/transfers/{pid}",
        "portal POST /dsp/2025-1/negotiations/*",
        "portal POST /dsp/2025-1/transfers/*",
    ),
    "invitation of a node": ("portal POST /nodes/join",),
    "token of the metrics": ("portal GET /metrics", "node GET /metrics"),
    "browser of a request about one's own data": NOTHING,
    "confirmation of a request about one's own data": NOTHING,
    "key of a login": NOTHING,
    "secret of a client": NOTHING,
    "secret of a webhook": NOTHING,
    # Sealed addresses.
    "state of a login": ("portal GET /login/callback", "node GET /login/callback"),
    "address that unsubscribes": (
        "portal GET /following/unsubscribe/{token}",
        "portal POST /following/unsubscribe/{token}",
    ),
    "address that turns suggestions off": (
        "portal GET /my-space/suggestions/off/{token}",
        "portal POST /my-space/suggestions/off/{token}",
    ),
    "address of a report of a fault": ("portal GET /fault-reports/follow/{token}",),
    "address of a feed of readings": (
        "portal GET /sources/feeds/{token}/producers/{slug}/readings.atom",
        "portal GET /sources/feeds/{token}/{source_id}/readings.atom",
    ),
    "address of a draft": ("portal GET /data/{dataset_id}/access-requests/new",),
    "signed address": (
        "node GET /agreements/{agreement_id}/data",
        "node GET /agreements/{agreement_id}/files/{kind}",
        "node GET /archives/{archive_id}/{filename}",
        "node GET /files/{file_id}/{filename}",
    ),
    # Tokens of the identity service.
    "identity token": NOTHING,
    "access token of a person": NOTHING,
    "access token of a program that reasons": ("portal POST /mcp",),
    "access token of a machine": (
        "portal * /kalim/v1/*",
        "portal GET /apigateway/v1/encryption-key",
        "portal GET /konsult/v1/encryption-key",
    ),
    "logout token": (
        "portal POST /logout/back-channel",
        "node POST /logout/back-channel",
    ),
}
