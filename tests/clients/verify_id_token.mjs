// Checks an ID token with what a Node service would use: discovery by openid-client, keys and claims by jose.
import * as client from "openid-client";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { ISSUER, AUDIENCE, TOKEN } = process.env;
const found = await client.discovery(new URL(ISSUER), "anybody", undefined, client.None(), {
  execute: [client.allowInsecureRequests],  // the test's server speaks plain http
});
const { issuer, jwks_uri } = found.serverMetadata();
const { payload, protectedHeader } = await jwtVerify(TOKEN, createRemoteJWKSet(new URL(jwks_uri)), {
  issuer,
  audience: AUDIENCE,
  requiredClaims: ["sub", "iat", "nbf", "exp", "jti"],
  maxTokenAge: "10 minutes",
});
console.log(JSON.stringify({ payload, protectedHeader }));
