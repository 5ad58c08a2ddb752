"""A stand-in for JP1/Base and JP1/AJS3: real processes, real return codes, faults on demand."""

from __future__ import annotations

from ark_lab.errors import LabError
from ark_lab.standin import Kind, ProcessInfo, Product, StandIn, Writer, double_starts, writers

__all__ = [
    "Kind",
    "LabError",
    "ProcessInfo",
    "Product",
    "StandIn",
    "Writer",
    "double_starts",
    "writers",
]
