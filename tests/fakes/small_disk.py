"""A disk of a few megabytes, and one that is full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_DISK_BYTES = 4 * 1024 * 1024


@contextmanager
def mounted(disk: Path) -> Iterator[Path]:
    """Yield a disk of four megabytes, or skip the test; it takes root to mount one."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("NOT TESTED HERE: a full disk (mounting a small one takes root)")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill the disk to the last byte while the block runs."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 512, 1):
            while _wrote(file.fileno(), size):
                pass
    try:
        yield
    finally:
        ballast.unlink()


def _wrote(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"x" * size) == size
    except OSError:
        return False
