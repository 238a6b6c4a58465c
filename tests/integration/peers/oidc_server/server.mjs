// Copyright (c) the docbits.ion contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// oidc-provider under the paths of Infor's authorization server on premises. Standard input is
// {"fd": a listening socket, "pem": path of key and certificate, "url": "https://...", "files": [ION API files]}.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

import { Provider, errors } from 'oidc-provider';

const { fd, pem, url, files } = JSON.parse(readFileSync(0, 'utf8'));
const passwords = new Map(files.filter((file) => file.saak).map((file) => [file.saak, file.sask]));

const provider = new Provider(url, {
  clients: files.map((file) => ({
    client_id: file.ci,
    client_secret: file.cs,
    grant_types: file.saak ? ['password', 'refresh_token'] : ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  routes: {
    introspection: '/InforIntSTS/connect/introspect',
    revocation: '/InforIntSTS/connect/revocation',
    token: '/InforIntSTS/connect/token',
  },
});

// The library leaves this grant to its users and has registerGrantType for it; the tokens are the library's own.
provider.registerGrantType('password', async (ctx) => {
  const { client, params: { username, password, scope = '' } } = ctx.oidc;
  if (!passwords.has(username) || passwords.get(username) !== password) {
    throw new errors.InvalidGrant('invalid credentials');
  }
  const grant = new provider.Grant({ accountId: username, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const issued = { accountId: username, client, grantId: await grant.save(), gty: 'password', scope };
  const accessToken = new provider.AccessToken(issued);
  ctx.body = { access_token: await accessToken.save(), expires_in: accessToken.expiration, token_type: accessToken.tokenType };
  if (scope.split(' ').includes('offline_access')) {
    ctx.body.refresh_token = await new provider.RefreshToken(issued).save();
  }
}, ['username', 'password', 'scope']);

const certificate = readFileSync(pem);
const server = createServer({ key: certificate, cert: certificate }, provider.callback());
server.on('request', (request) => console.log(`"${request.method} ${request.url}"`));
server.listen({ fd });
