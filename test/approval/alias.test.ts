import fc from "fast-check";
import { expect, test } from "vitest";
import { aliasesOf, aliasOf } from "../../src/approval/alias.ts";

test.each([
  ["Ann@Example.com", "ann@example.com"],
  ["  ann@example.com\n", "ann@example.com"],
  ["ann+shop@example.com", "ann@example.com"],
  ["ann+a+b@example.com", "ann@example.com"],
  ["ANN+Shop@EXAMPLE.COM", "ann@example.com"],
  ["Zoe\u0308@example.com", "zoë@example.com"],
  ["STRASSE", "straße"],
  ["ΣΊΣΥΦΟς", "σίσυφοσ"],
  ["\u212Aim", "kim"],
])("%j and %j are one name", (one, other) => {
  expect(aliasOf(one)).toBe(aliasOf(other));
});

test.each([
  ["ann@example.com", "ann@example.org"],
  ["ann@example.com", "anna@example.com"],
  ["+ann@example.com", "@example.com"],
  ["https://issuer|a+b", "https://issuer|a"],
  ["adm\u0131n@example.com", "admin@example.com"],
  ["ann", "bob"],
])("%j and %j are two", (one, other) => {
  expect(aliasOf(one)).not.toBe(aliasOf(other));
});

test("a name is the same in any case, in any Unicode form, and when it is taken again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (name) => {
      const alias = aliasOf(name);
      expect(aliasOf(alias)).toBe(alias);
      expect(aliasOf(name.normalize("NFD"))).toBe(alias);
      if (!name.includes("ı")) expect(aliasOf(name.toUpperCase())).toBe(alias);
    }),
  );
});

test("each alias is kept once, and what is empty or too long to be a name is not", () => {
  expect(aliasesOf(["Ann", "ann ", "", " ", null, undefined, "x".repeat(321)])).toEqual(["ann"]);
  expect(aliasesOf(Array.from({ length: 99 }, (_, i) => `n${i}`))).toHaveLength(16);
});
