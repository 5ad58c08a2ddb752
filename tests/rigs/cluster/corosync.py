"""What corosync is told."""

from __future__ import annotations

from collections.abc import Mapping

#: Milliseconds without the token until a node is taken for lost. corosync's own default is 3000.
TOKEN = 2000

_HEAD = """\
totem {{
    version: 2
    cluster_name: {name}
    transport: udpu
    crypto_cipher: none
    crypto_hash: none
    token: {token}
}}
quorum {{
    provider: corosync_votequorum
    expected_votes: 2
    two_node: 1
    wait_for_all: 1
}}
logging {{
    to_stderr: yes
    to_syslog: no
    timestamp: hires
}}
nodelist {{
"""

_NODE = """\
    node {{
        ring0_addr: {address}
        name: {name}
        nodeid: {number}
    }}
"""


def configuration(name: str, addresses: Mapping[str, str]) -> str:
    """corosync.conf for a cluster of the nodes in `addresses`, numbered in their order."""
    nodes = [
        _NODE.format(address=address, name=node, number=number)
        for number, (node, address) in enumerate(addresses.items(), 1)
    ]
    return _HEAD.format(name=name, token=TOKEN) + "".join(nodes) + "}\n"
