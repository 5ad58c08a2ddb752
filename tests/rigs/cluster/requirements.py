"""What a machine must have for a test cluster, and which of it is missing."""

from __future__ import annotations

import os
import shutil

from rigs.cluster.errors import CannotBuild

#: A program of each Debian package that is needed, by package.
PACKAGES = {
    "corosync": "/usr/sbin/corosync",
    "crmsh": "/usr/sbin/crm",
    "e2fsprogs": "/usr/sbin/mkfs.ext4",
    "iproute2": "/usr/sbin/bridge",
    "kmod": "/usr/sbin/modprobe",
    "libxml2-utils": "/usr/bin/xmllint",
    "pacemaker": "/usr/sbin/pacemakerd",
    "pacemaker-cli-utils": "/usr/sbin/crm_mon",
    "procps": "/usr/bin/ps",
    "psmisc": "/usr/bin/fuser",
    "resource-agents": "/usr/sbin/ocf-tester",
    "util-linux": "/usr/bin/nsenter",
}

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing_packages() -> list[str]:
    """The Debian packages whose programs are not here."""
    return [
        package
        for package, program in PACKAGES.items()
        if shutil.which(os.path.basename(program), path=_PATH) is None
    ]


def check_machine() -> None:
    """Whether a cluster can be built here.

    :raises CannotBuild: one line that says what is missing and what to do.
    """
    if os.geteuid() != 0:
        raise CannotBuild("a test cluster needs root, for its namespaces and mounts")
    missing = missing_packages()
    if missing:
        raise CannotBuild(f"missing here: {' '.join(missing)}; on Debian: tools/cluster-packages")
