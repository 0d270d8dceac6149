"""What this domain provides to the others, and contributes to them."""

from udi.kit.keyring import FILE_KEYS, KeyringFile
from udi.node.files.encryption.sealing_store import OBJECTS, SealingStore
from udi.node.files.intake.reception import UPLOAD_BUFFERS, UploadBuffers
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """Where files are, the keys that sign and seal, and the memory of uploads."""
    file_keys = site.services.provide(FILE_KEYS, KeyringFile(site.settings))
    objects = SealingStore.from_settings(site.settings, site.database, file_keys)
    site.services.provide(OBJECTS, objects)
    site.services.provide(UPLOAD_BUFFERS, UploadBuffers())
