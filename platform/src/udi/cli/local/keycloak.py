"""One Keycloak of the built distribution, in production mode: alone on loopback, or one of several that share sessions."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from udi.cli.local import ports
from udi.cli.local.account import SystemAccount, change_owner
from udi.cli.local.distribution import java_command
from udi.cli.local.passwords import write_common_passwords
from udi.cli.local.processes import (
    BARE_ENVIRONMENT,
)
from udi.kit.postgresql import is_external, make_jdbc_address
from udi.settings import Settings
from udi.ui.login_theme import install_theme

ADMIN_CLIENT = "udi-admin"
CLUSTER = Path(__file__).parent / "templates/keycloak-cluster.xml"
CLUSTER_PORT = 7800
LOOPBACK = "127.0.0.1"
FALSE_REFUSALS = "0.000000001"
"""Share of good passwords that Keycloak refuses as common ones, because its filter is probable only; its own default is 1/10,000."""
ELSEWHERE = {
    "targetServerType": "primary",
    "connectTimeout": "3",
    "socketTimeout": "60",
    "tcpKeepAlive": "true",
}
"""Of a database on another machine: never a replica, and no wait without end where that machine went silent."""
FLAGS = (
    "-Xms32m",
    "-Xmx512m",
    "-XX:MaxMetaspaceSize=224m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
)


@dataclass(frozen=True)
class Keycloak:
    """What one instance needs. `url` is its public address, `home` the folder that is its own."""

    java: Path
    distribution: Path
    home: Path
    port: int
    management_port: int
    url: str
    database: str
    """JDBC address."""
    user: str
    password: str
    admin_secret: str
    """Secret of the client `udi-admin`, made at the first start on an empty database."""
    account: SystemAccount | None = None
    address: str = LOOPBACK
    """Where its peers reach it; people and programs come through loopback."""
    peers: tuple[str, ...] = ()
    """Addresses of all that share one cache, its own among them; empty: it is alone."""
    proxies: tuple[str, ...] = ()
    """Addresses believed when they say who asks; empty: nobody is in front."""
    host: str = LOOPBACK
    """Address on which it listens."""

    def prepare(self, themes: Path | None) -> None:
        """Lay the instance's folder over the read-only distribution, with our login themes."""
        change_owner(self.home, None)
        for name in ("conf", "data", "tmp"):
            (self.home / name).mkdir(exist_ok=True)
        write_common_passwords(self.home / "data")
        for name in ("lib", "providers"):
            (self.home / name).unlink(missing_ok=True)
            (self.home / name).symlink_to(self.distribution / name)
        shutil.rmtree(self.home / "themes", ignore_errors=True)
        if themes and themes.is_dir():
            install_theme(self.home / "themes")
        else:
            (self.home / "themes").mkdir()
        if self.peers:
            peers = ",".join(f"{peer}[{CLUSTER_PORT}]" for peer in self.peers)
            self._cluster_file.write_text(
                Template(CLUSTER.read_text()).substitute(peers=peers)
            )
        self.home.chmod(0o700)
        change_owner(self.home, self.account)

    def command(self) -> list[str]:
        """The server in the foreground: one process, one pid."""
        flags = (*FLAGS, f"-Djava.io.tmpdir={self.home / 'tmp'}")
        return [
            *java_command(self.java, self.distribution, self.home, *flags),
            "start",
            "--optimized",
        ]

    def environment(self) -> Mapping[str, str]:
        """Its whole configuration; nothing of it is written to a file."""
        return {
            **BARE_ENVIRONMENT,
            "KC_DB_URL": self.database,
            "KC_DB_USERNAME": self.user,
            "KC_DB_PASSWORD": self.password,
            "KC_DB_POOL_MAX_SIZE": "20",
            "KC_HOSTNAME": self.url,
            "KC_HTTP_ENABLED": "true",
            "KC_HTTP_HOST": self.host,
            "KC_HTTP_PORT": str(self.port),
            "KC_HTTP_MANAGEMENT_PORT": str(self.management_port),
            "KC_LOG_LEVEL": "info,io.smallrye.health:warn",
            "KC_SPI_PASSWORD_POLICY__PASSWORD_BLACKLIST__FALSE_POSITIVE_PROBABILITY": FALSE_REFUSALS,
            "KC_BOOTSTRAP_ADMIN_CLIENT_ID": ADMIN_CLIENT,
            "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": self.admin_secret,
            **self._cache_environment(),
            **self._proxy_environment(),
        }

    @property
    def _cluster_file(self) -> Path:
        return self.home / "conf/cluster.xml"

    def _cache_environment(self) -> Mapping[str, str]:
        if not self.peers:
            return {"KC_CACHE": "local"}
        return {
            "KC_CACHE": "ispn",
            "KC_CACHE_CONFIG_FILE": str(self._cluster_file),
            "KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS": self.address,
            "KC_CACHE_EMBEDDED_NETWORK_BIND_PORT": str(CLUSTER_PORT),
        }

    def _proxy_environment(self) -> Mapping[str, str]:
        if not self.proxies:
            return {}
        return {
            "KC_PROXY_HEADERS": "xforwarded",
            "KC_PROXY_TRUSTED_ADDRESSES": ",".join(self.proxies),
        }

    def is_ready(self) -> bool:
        """Whether it can serve; its port opens long before."""
        return ports.answers(self.management_port, "/health/ready")


def make_keycloak(
    settings: Settings,
    *,
    java: Path,
    distribution: Path,
    account: SystemAccount | None = None,
    host: str = LOOPBACK,
) -> Keycloak:
    """The instance that the settings describe: its ports, its address, its database."""
    is_elsewhere = settings.identity_address != LOOPBACK or is_external(settings)
    database = make_jdbc_address(
        settings, "udi_keycloak", ELSEWHERE if is_elsewhere else {}
    )
    return Keycloak(
        java=java,
        distribution=distribution,
        home=settings.state / "keycloak",
        port=settings.port(2),
        management_port=settings.port(5),
        url=settings.keycloak_url,
        database=database,
        user="udi_keycloak",
        password=settings.secret("keycloak_password"),
        admin_secret=settings.secret("keycloak_admin_secret"),
        account=account,
        address=settings.identity_address,
        peers=tuple(settings.identity_peers),
        proxies=tuple(settings.identity_proxies),
        host=host,
    )
