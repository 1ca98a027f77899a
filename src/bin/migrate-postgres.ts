#!/usr/bin/env node
import { migratePostgres } from "../db/postgres-migrate.ts";
import { migrationsIn } from "./migrations.ts";

const usage = `Usage: kern-migrate-postgres [postgres://user:password@host:5432/database]

Brings a Postgres database up to date with this version of kern; safe to repeat. Without an address, DATABASE_URL says
where it is, and keeps its password out of the list of processes.`;

const [argument, ...others] = process.argv.slice(2);
const isHelp = argument === "--help" || argument === "-h";
const url = argument ?? process.env["DATABASE_URL"] ?? "";

if (isHelp) {
  console.log(usage);
} else if (!/^postgres(ql)?:\/\//.test(url) || others.length > 0) {
  console.error(usage);
  process.exitCode = 2;
} else {
  try {
    const applied = await migratePostgres(url, migrationsIn());
    console.log(applied.length > 0 ? `Applied ${applied.join(", ")}.` : "It is up to date.");
  } catch (error) {
    const said = error instanceof AggregateError ? error.errors.join("; ") : String(error);
    console.error(
      `${said.replaceAll(url, "postgres://…")}\nNothing of it was applied, or all of it: it is safe to run this again.`,
    );
    process.exitCode = 1;
  }
}
