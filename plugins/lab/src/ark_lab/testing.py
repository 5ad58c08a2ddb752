"""For tests: nodes that share a directory, and the proof that a test left nothing behind."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

from ark_lab.errors import LabError
from ark_lab.standin import Product, StandIn

HOST: Final = "LVMRH5LKB"
"""The logical host of the vendor guide's sample."""


class Lab:
    """
    The nodes of one test and the directory they share; used in a ``with`` statement.
    """

    def __init__(self, directory: Path) -> None:
        self.directory: Final = directory
        self.shared: Final = directory / "shared"
        self.nodes: Final[list[StandIn]] = []

    def node(self, name: str = "node1", *, product: Product | None = Product.MANAGER) -> StandIn:
        """
        A node on which HOST is defined and nothing started; its processes start without delay.
        """
        products = {Product.BASE} if product is None else {Product.BASE, product}
        node = StandIn.install(self.directory / name, products=products, allow_user=True)
        node.configure(manager_delay=0, child_delay=0)
        node.logical_host(HOST, self.shared)
        self.nodes.append(node)
        return node

    def close(self) -> None:
        """
        Ends every process of every node.

        :raises LabError: one is left.
        """
        for node in self.nodes:
            node.kill_everything()
            left = node.processes() + node.commands()
            if left:
                raise LabError(f"left behind: {left}")

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
