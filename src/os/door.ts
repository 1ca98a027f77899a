import { type AuthOptions, type AuthRules, authRules } from "./auth-options.ts";
import { readSettings } from "./settings.ts";
import { tokenVerifier, type VerifyToken } from "./token.ts";

/** How an env lets people in. Where that is only half said, nobody is, and everybody is told. */
export interface Door {
  isConfigured: boolean;
  securityKeys: readonly string[];
  open: boolean;
  jwt: Checked<"jwt"> | null;
  access: Checked<"access"> | null;
}

type Checked<Kind extends keyof AuthRules> = {
  rules: NonNullable<AuthRules[Kind]>;
  verify: VerifyToken;
};

/** Opens the door of each env once, so that the keys that were fetched for it are kept. */
export function doorsOf(options: AuthOptions, now: () => number): (env: object) => Door {
  const doors = new WeakMap<object, Door>();
  return (env) => {
    const door = doors.get(env) ?? openDoor(options, env, now);
    doors.set(env, door);
    return door;
  };
}

/** Whether an env says how anybody is let in, beside who is at this machine. */
export function isConfigured(options: AuthOptions, env: unknown): boolean {
  const { access, jwt, securityKeys } = readSettings(env);
  return (
    securityKeys.length > 0 ||
    options.jwt !== undefined ||
    options.access !== undefined ||
    Object.keys({ ...jwt, ...access }).length > 0
  );
}

function openDoor(options: AuthOptions, env: object, now: () => number): Door {
  const settings = readSettings(env);
  const { access, jwt } = authRules(options, settings);
  const { open, securityKeys } = settings;
  return {
    isConfigured: isConfigured(options, env),
    securityKeys,
    open,
    jwt: jwt && { rules: jwt, verify: tokenVerifier(jwt, now) },
    access: access && { rules: access, verify: tokenVerifier(access, now) },
  };
}
