import { expect, test } from "vitest";
import { KernError } from "../src/errors.ts";

test("an error's code decides the status it is answered with", () => {
  expect(new KernError("conflict", "taken").status).toBe(409);
});
