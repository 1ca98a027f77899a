import { generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";

const issuer = "https://login.acme.example/";
const audience = "https://kern.acme.example";

/** Where people of a company sign in: the variables by which a Worker believes its tokens, and the tokens. */
export class FakeIdentityProvider {
  readonly #keys = generateKeyPairSync("ed25519");

  get vars(): Record<string, string> {
    const key = JSON.stringify(this.#keys.publicKey.export({ format: "jwk" }));
    return { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_KEYS: key };
  }

  async tokenOf(name: string, scopes: readonly string[]): Promise<string> {
    return new SignJWT({
      scope: scopes.join(" "),
      email: `${name}@acme.example`,
      email_verified: true,
    })
      .setProtectedHeader({ alg: "EdDSA" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(name)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(this.#keys.privateKey);
  }
}
