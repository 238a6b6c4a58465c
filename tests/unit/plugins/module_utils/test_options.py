# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared options: what cannot be a time or a count is refused by its name."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._module._options import settings_from

NETWORK = {"ca_path": None, "proxy": None, "timeout": 30.0, "deadline": 300.0, "retries": 2, "shares": 1}


@pytest.mark.parametrize("changes", [{}, {"timeout": 0.1}, {"deadline": 1_000_000.0}, {"retries": 0}, {"shares": 15}])
def test_ordinary_values_are_taken(changes):
    assert settings_from({**NETWORK, **changes}) == Settings(**{**NETWORK, **changes})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 0.0, -1.0, 1e300])
@pytest.mark.parametrize("name", ["timeout", "deadline"])
def test_what_is_no_time_is_refused(name, value):
    with pytest.raises(InvalidInput) as caught:
        settings_from({**NETWORK, name: value})
    assert caught.value.id == "E15" and caught.value.message.startswith(f"{name}: ")


def test_a_count_below_zero_is_refused():
    with pytest.raises(InvalidInput) as caught:
        settings_from({**NETWORK, "retries": -1})
    assert caught.value.id == "E15" and caught.value.message.startswith("retries: ")


@pytest.mark.parametrize("value", [0, -1, 16])
def test_more_shares_than_there_are_logins_are_refused(value):
    with pytest.raises(InvalidInput) as caught:
        settings_from({**NETWORK, "shares": value})
    assert caught.value.id == "E15" and caught.value.message.startswith("shares: ")
