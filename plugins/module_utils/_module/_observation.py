# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the option describe_answers adds to a result. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._docbits.guesses import judged
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import described_answers, described_contract
from ansible_collections.docbits.ion.plugins.module_utils._docbits.recorded import Observed
from ansible_collections.docbits.ion.plugins.module_utils._docbits.suggestions import suggested_overrides


def observation(observed: Observed, errors=()) -> dict:
    """Returns `observed`, which has no value of the organisation and can be passed on, and `overrides`, which is for the user alone.

    errors: what was raised for answers that cannot be used
    """
    return {
        "observed": {
            "contract": described_contract(observed.contract, observed.access, observed.names),
            "answers": described_answers(observed.answers, observed.contract, observed.names),
            "guesses": judged(observed),
            "findings": sorted({error.id for error in errors}),
        },
        "overrides": suggested_overrides(observed),
    }
