// Storage for oidc-provider, made for speed: a textbook adapter needs three or four round trips a mint, these need
// two or one. A minted token is always a token row and an audit row in one prepared statement, one durable commit.
// The replay check is, as `replay` says,
//
//   postgres    a unique row of its own, claimed before the mint (a second commit)
//   redis       SET NX, claimed before the mint
//   statement   a unique row in the statement of the mint; possible, but it reaches through the library's layers
import { hash } from 'node:crypto';

import { errors, Provider } from 'oidc-provider';
import pg from 'pg';
import { createClient } from 'redis';

const REMEMBERED_SECONDS = 3700; // longer than any assertion of a run is valid

export const TABLES = `
  CREATE TABLE IF NOT EXISTS token (
    digest bytea PRIMARY KEY, client text NOT NULL, payload jsonb NOT NULL, expires_at timestamptz NOT NULL);
  CREATE TABLE IF NOT EXISTS audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, client text NOT NULL,
    token bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), data jsonb NOT NULL);
  CREATE TABLE IF NOT EXISTS used_assertion (digest text PRIMARY KEY, expires_at timestamptz NOT NULL);
`;

const CLAIM = {
  name: 'claim',
  text: `INSERT INTO used_assertion (digest, expires_at) VALUES ($1, now() + $2 * interval '1 second')
    ON CONFLICT DO NOTHING`,
};

const MINT = {
  name: 'mint',
  text: `WITH token AS (
      INSERT INTO token (digest, client, payload, expires_at)
      VALUES ($1, $2, $3, now() + $4 * interval '1 second') RETURNING digest)
    INSERT INTO audit (type, client, token, data) SELECT 'ACCESS_TOKEN_MINTED', $2, digest, $5 FROM token`,
};

const CLAIM_AND_MINT = {
  name: 'claim_and_mint',
  text: `WITH used AS (
      INSERT INTO used_assertion (digest, expires_at) VALUES ($6, now() + $7 * interval '1 second')
      ON CONFLICT DO NOTHING RETURNING digest),
    token AS (
      INSERT INTO token (digest, client, payload, expires_at)
      SELECT $1, $2, $3, now() + $4 * interval '1 second' FROM used RETURNING digest)
    INSERT INTO audit (type, client, token, data) SELECT 'ACCESS_TOKEN_MINTED', $2, digest, $5 FROM token`,
};

const LOOK_UP = { name: 'look_up', text: 'SELECT payload FROM token WHERE digest = $1 AND expires_at > now()' };

export async function makeAdapter({ databaseUrl, redisUrl, redisPrefix, replay, connections }) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections, idleTimeoutMillis: 0 });
  const run = (statement, ...values) => pool.query({ ...statement, values });
  const redis = replay === 'redis' ? await createClient({ url: redisUrl }).connect() : null;

  const claims = {
    postgres: async (id) => (await run(CLAIM, id, REMEMBERED_SECONDS)).rowCount === 1,
    redis: async (id) => (await redis.set(`${redisPrefix}:${id}`, '1', { NX: true, EX: REMEMBERED_SECONDS })) !== null,
    statement: async (id) => {
      Provider.ctx.state.assertion = id;
      return true;
    },
  };

  class Tokens {
    async upsert(id, payload, expiresIn) {
      const audit = JSON.stringify({ scope: payload.scope, expires_in: expiresIn });
      const digest = hash('sha256', id, 'buffer');
      const values = [digest, payload.clientId, JSON.stringify(payload), expiresIn, audit];
      if (replay !== 'statement') {
        await run(MINT, ...values);
        return;
      }
      const { rowCount } = await run(CLAIM_AND_MINT, ...values, Provider.ctx.state.assertion, REMEMBERED_SECONDS);
      if (rowCount !== 1) throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
    }

    async find(id) {
      const { rows } = await run(LOOK_UP, hash('sha256', id, 'buffer'));
      return rows[0]?.payload;
    }
  }

  // The library asks "seen before?" and then saves. Asking claims already, which is atomic and saves a round trip.
  class UsedAssertions {
    async find(id) {
      return (await claims[replay](id)) ? undefined : { jti: id };
    }

    async upsert() {}
  }

  return (model) => (model === 'ReplayDetection' ? new UsedAssertions() : new Tokens());
}
