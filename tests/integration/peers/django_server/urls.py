# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The toolkit's own views under the paths of Infor's authorization server in the cloud."""

from __future__ import annotations

from django.urls import path
from oauth2_provider import views

urlpatterns = [
    path("ACME_TST/as/token.oauth2", views.TokenView.as_view()),
    path("ACME_TST/as/revoke_token.oauth2", views.RevokeTokenView.as_view()),
    path("ACME_TST/as/introspect", views.IntrospectTokenView.as_view()),
]
