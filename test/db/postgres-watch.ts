import { env } from "cloudflare:workers";
import { queryPostgres } from "../query-postgres.ts";

const { EMPTY_POSTGRES_URL: url } = env as unknown as { EMPTY_POSTGRES_URL: string };

interface Node {
  "Node Type": string;
  "Index Name"?: string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  Plans?: Node[];
}

/** What Postgres goes through, the index or else the table, and how many rows it reads in all. */
export async function watch(query: { toSQL(): { sql: string; params: unknown[] } }) {
  const { params, sql } = query.toSQL();
  const [row] = await queryPostgres(url, `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, params);
  const [root] = (row?.["QUERY PLAN"] ?? []) as { Plan: Node }[];
  const nodes = root === undefined ? [] : flatten(root.Plan);
  const scans = nodes.filter((node) => /(Index|Index Only|Seq) Scan$/.test(node["Node Type"]));
  return {
    led: [...new Set(scans.map((node) => node["Index Name"] ?? `all of ${node["Relation Name"]}`))],
    isSorted: nodes.some((node) => node["Node Type"].includes("Sort")),
    read: scans.reduce((sum, node) => sum + node["Actual Rows"] * node["Actual Loops"], 0),
  };
}

function flatten(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
