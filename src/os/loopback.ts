/** Whether a host name, as a URL spells it, can only be this machine. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(name)
  );
}

/** Whether a request came in at this very machine, and not through Cloudflare's edge. */
export function isOfThisMachine({ headers, url }: Request): boolean {
  return isLoopback(new URL(url).hostname) && !headers.has("cf-ray");
}

/** The origin that a page claims to be of: null where the header is missing, "null" where it names none that can be read. */
export function originOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  return URL.canParse(header) ? new URL(header).origin : "null";
}
