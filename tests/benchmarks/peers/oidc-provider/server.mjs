// The peer: node oidc-provider, private_key_jwt and client_credentials, opaque tokens in PostgreSQL.
// Its only argument is a JSON document, see ../oidc_provider.py.
import cluster from 'node:cluster';
import { createServer } from 'node:http';

import pg from 'pg';

import { makeAdapter, TABLES } from './adapter.mjs';

const settings = JSON.parse(process.argv[2]);

async function serve() {
  const { Provider } = await import('oidc-provider');
  const provider = new Provider(settings.issuer, {
    adapter: await makeAdapter(settings),
    clients: [
      {
        client_id: settings.clientId,
        jwks: settings.jwks,
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: 'read_builds',
      },
    ],
    clientAuthMethods: ['private_key_jwt'],
    clockTolerance: 30,
    cookies: { keys: ['unused'] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    scopes: ['read_builds'],
    ttl: { ClientCredentials: 3600 },
  });
  createServer(provider.callback()).listen(settings.port, '127.0.0.1');
}

if (cluster.isPrimary) {
  const setup = new pg.Client({ connectionString: settings.databaseUrl });
  await setup.connect();
  await setup.query(TABLES);
  await setup.end();
}
if (cluster.isPrimary && settings.workers > 1) {
  for (let worker = 0; worker < settings.workers; worker += 1) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else {
  await serve();
}
