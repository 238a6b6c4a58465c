# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every result as a line of JSON, as a registered variable would hold it."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: notification
short_description: results as lines of JSON
description:
  - Appends a line for every host and result to the file that the environment variable C(RESULTS_FILE) names.
author: docbits.ion contributors
"""


class CallbackModule(CallbackBase):
    """One line for each task of the scenarios: host, status and result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result):
        self._write(result, failed=False)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write(result, failed=True)

    def v2_runner_on_unreachable(self, result):
        self._write(result, failed=True)

    def _write(self, result, failed):
        # What a callback is given lacks the key that says so.
        told = {**result._result, "failed": failed}
        line = json.dumps({"host": result._host.get_name(), "action": result._task.action, "result": told}, default=str)
        with open(os.environ["RESULTS_FILE"], "a", encoding="utf-8") as file:
            file.write(line + "\n")
