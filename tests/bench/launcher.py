# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts one command and reports its cost, with its descendants. A small process of its own: a child's peak counts from its parent's size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main(report: str, command: list) -> None:
    """Run the command; write wall and processor seconds, the peak in MiB of its largest process, and its exit status."""
    started = time.monotonic()
    process = subprocess.Popen(command)
    _pid, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    # Linux counts in KiB, macOS in bytes.
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    cost = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / unit, "status": os.waitstatus_to_exitcode(status)}
    with open(report, "w") as file:
        json.dump(cost, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
