"""The cluster's fence agent: asks the power switch, which stands outside of all nodes.

Installed in each node as /usr/sbin/fence_ark. It reads `key=value` lines on stdin, as fence agents
do, and answers 0 only when the switch says that the node is dead.
"""

from __future__ import annotations

import socket
import sys

METADATA = """<?xml version="1.0" ?>
<resource-agent name="fence_ark" shortdesc="Power switch of a test cluster">
<longdesc>Asks the power switch of a test cluster of Generic ARK, by a socket.</longdesc>
<parameters>
<parameter name="action" unique="0" required="1">
<content type="string" default="reboot"/><shortdesc lang="en">Fencing action</shortdesc>
</parameter>
<parameter name="port" unique="0" required="0">
<content type="string"/><shortdesc lang="en">Name of the node</shortdesc>
</parameter>
<parameter name="switch" unique="0" required="1">
<content type="string"/><shortdesc lang="en">Path of the power switch's socket</shortdesc>
</parameter>
</parameters>
<actions>
<action name="on" automatic="0"/><action name="off"/><action name="reboot"/>
<action name="status"/><action name="monitor"/><action name="list"/><action name="metadata"/>
</actions>
</resource-agent>
"""


def ask(path: str, line: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(line.encode() + b"\n")
        return connection.makefile().readline().strip()


def main() -> int:
    options = dict(line.strip().split("=", 1) for line in sys.stdin if "=" in line)
    action = options.get("action", "reboot")
    if action == "metadata":
        print(METADATA)
        return 0
    port = options.get("port") or options.get("nodename") or "-"
    try:
        answer = ask(options["switch"], f"{action} {port} {socket.gethostname()}")
    except (KeyError, OSError) as error:
        print(f"fence_ark: no answer from the power switch: {error}", file=sys.stderr)
        return 1
    word, _, rest = answer.partition(" ")
    if word != "done":
        print(f"fence_ark: {answer or 'the power switch hung up'}", file=sys.stderr)
        return 1
    if rest:
        print("\n".join(rest.split()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
