/** What a credential may do. */
export const scopes = [
  "approvals:read",
  "approvals:write",
  "approvals:delete",
  "agents:read",
  "agents:run",
  "teams:read",
  "teams:run",
  "sessions:read",
  "sessions:write",
  "config:read",
  "agent_os:admin",
] as const;
export type Scope = (typeof scopes)[number];

/** Who makes a request, as far as the credential proves it. */
export interface Principal {
  id: string;
  /** True where many people may stand behind it: then what they say of themselves is kept as a claim. */
  shared: boolean;
  scopes: ReadonlySet<Scope>;
}

export const root: Principal = { id: "root", shared: true, scopes: new Set(scopes) };
export const anonymous: Principal = { id: "anonymous", shared: true, scopes: new Set(scopes) };
