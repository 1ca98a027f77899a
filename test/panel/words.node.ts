import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { transform } from "esbuild";
import { expect, test } from "vitest";

/** All but the reference: it is of the API, whose document is in English. */
const files = globSync(["src/panel/*.tsx", "src/os/panel/*.tsx"]).filter(
  (path) => !path.includes("/reference"),
);

test.each(files)("%s says nothing in words of its own", async (path) => {
  expect(sentencesIn(await plainOf(await readFile(path, "utf8")))).toEqual([]);
});

test("the scan finds a text between tags, in an attribute and in a template", async () => {
  const code = await plainOf('<p title="Not a word more">Three words here{`${n} of so many`}</p>');
  expect(sentencesIn(code)).toHaveLength(3);
});

/** A module without types and comments, with the text between tags as strings. */
async function plainOf(source: string): Promise<string> {
  const { code } = await transform(source, { loader: "tsx", jsx: "automatic" });
  return code;
}

/** Texts of more than two words on one line; an error's message, which the API sends as well, is not of the pages. */
function sentencesIn(code: string): string[] {
  const own = code.replaceAll(/new KernError\([^;]*?\);/g, "");
  const texts = own.match(/"(?:[^"\\\n]|\\.)*"|`[^`\n]*`/g) ?? [];
  return texts.filter((text) => {
    const parts = text.replaceAll(/\$\{[^}]*\}/g, "0").split(/\s+/);
    return parts.filter((part) => /^[("'`]*\p{L}[\p{L}'’]*[.,:;!?)"'`]*$/u.test(part)).length > 2;
  });
}
