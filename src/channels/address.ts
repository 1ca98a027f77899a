import ipaddr from "ipaddr.js";

/** Names that lead into a network of its own, whoever answers for them. */
const inner = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|svc|arpa)$/;

/**
 * Why nothing is sent to this address; null where it may be. Only https to a public name or address: what leads to the
 * machine itself, to its network, or to a cloud's metadata is refused before anything is connected to, in whatever notation it
 * is written (the URL parser has read those to one). With `loopback`, this machine is allowed, and without TLS.
 */
export function refusedAddress(address: string, { loopback = false } = {}): string | null {
  if (!URL.canParse(address)) return "This is not a URL.";
  const { hostname, password, protocol, username } = new URL(address);
  if (username !== "" || password !== "")
    return "A URL with a name or a password in it is refused.";
  const host = hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.+$/, "")
    .toLowerCase();
  const isLoopback = host === "localhost" || rangeOf(host) === "loopback";
  if (loopback && isLoopback && (protocol === "http:" || protocol === "https:")) return null;
  if (protocol !== "https:") return "Only https is used.";
  const range = rangeOf(host);
  if (range === null && (inner.test(host) || !host.includes(".")))
    return "This name leads into a network of its own.";
  if (range !== null && range !== "unicast") return `This address is not a public one (${range}).`;
  return null;
}

const givenOut = ipaddr.IPv6.parse("2000::");

/** What kind of address it is; null for a name. */
function rangeOf(host: string): string | null {
  if (!ipaddr.isValid(host)) return null;
  // What stands for an address of the older kind is one.
  const range = ipaddr.process(host).range();
  if (range !== "unicast") return range;
  const address = ipaddr.parse(host);
  // Of the newer kind only these are given out for public use; others may carry one of the older kind inside.
  if (address instanceof ipaddr.IPv6 && !address.match(givenOut, 3)) return "not given out";
  // NAT64 and 6to4 carry one inside.
  return address.range();
}
