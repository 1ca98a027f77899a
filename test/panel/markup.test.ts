import fc from "fast-check";
import { expect, test } from "vitest";
import { visible } from "../../src/approval/visible.ts";
import { pending, resolve, start } from "../client.ts";
import { http, unique } from "../os/http.ts";
import { script } from "../world.ts";
import { see, skeleton } from "./page.ts";

const hostile = [
  `<script>alert(1)</script>`,
  `</pre><script src="https://evil.com/x.js"></script><pre>`,
  `</title></head><body onload=alert(1)>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)' x='`,
  `</textarea></form><form action="https://evil.com"><button name="decision" value="approved">Approve</button>`,
  `<!-- -->&lt;b&gt;<b>bold</b>&#60;i&#62;&amp;`,
  `<![CDATA[<svg/onload=alert(1)>]]><style>*{display:none}</style>`,
  `{{constructor.constructor('alert(1)')()}} \${alert(1)} <% alert(1) %>`,
  `<a href="javascript:alert(1)">look</a><base href="https://evil.com"><meta http-equiv=refresh content=0>`,
];

/** Puts the text wherever a model or a client can put one, and gives the pages that show it. */
async function pagesWith(text: string) {
  const user = `${text} ${unique("u")}`.slice(-255);
  const calls = [{ name: "delete_user_data", args: { user_id: text } }];
  const { run_id } = await start(script({ calls }), { user_id: user });
  const { id } = await pending(run_id);
  const open = await see(await http("GET", `/panel/approvals/${id}`));
  const list = await see(await http("GET", `/panel?user_id=${encodeURIComponent(user)}`));
  const entry = list.texts["li"]?.find((item) => item.includes(user.slice(-12))) ?? "";
  const decision = {
    status: "rejected",
    resolved_by: text,
    resolution_data: { note: text, [text]: text },
  };
  expect((await resolve(id, decision)).status).toBe(200);
  const closed = await see(await http("GET", `/panel/approvals/${id}`));
  return { open, closed, list, entry, user };
}

test(
  "nothing that a model or a client writes becomes a part of the page",
  { timeout: 30_000 },
  async () => {
    const plain = await pagesWith("plain");
    const kinds = new Set(
      plain.list.elements.map(
        ({ tag, attributes }) => `${tag} ${Object.keys(attributes).join(" ")}`,
      ),
    );
    for (const text of hostile) {
      const { closed, entry, list, open, user } = await pagesWith(text);
      expect(skeleton(open)).toEqual(skeleton(plain.open));
      expect(skeleton(closed)).toEqual(skeleton(plain.closed));
      expect(skeleton(list).filter((element) => !kinds.has(element))).toEqual([]);
      expect(open.texts["pre"]).toEqual([JSON.stringify({ user_id: text }, null, 2)]);
      expect(open.texts["dd"]).toContain(user);
      expect(entry).toContain(JSON.stringify({ user_id: text }).slice(0, 160));
      expect(entry).toContain(`For ${user}`);
      expect(closed.texts["p"]).toContain(text);
      expect(closed.texts["li"]?.some((li) => li.startsWith(`rejected by ${text} `))).toBe(true);
    }
  },
);

test("what cannot be seen or turns the text around it is spelled out on the pages", async () => {
  const text = "pay \u202Eeva\u202C\u200B\u{E0061} \u0007now\u00A0";
  const { closed, entry, open } = await pagesWith(text);
  const spelled = String.raw`pay \u{202E}eva\u{202C}\u{200B}\u{E0061} `;
  expect(open.texts["pre"]?.[0]).toContain(spelled + String.raw`\u0007now\u{00A0}`);
  expect(entry).toContain(`{"user_id":"${spelled}`);
  expect(closed.texts["p"]).toContain(spelled + String.raw`\u{0007}now\u{00A0}`);
});

/** What a reader cannot see, or what moves other text, as the Unicode charts list it. */
const unseen: [number, number][] = [
  ...([
    [0x00, 0x08],
    [0x0b, 0x1f],
    [0x7f, 0xa0],
    [0xad, 0xad],
  ] as [number, number][]),
  ...([
    [0x34f, 0x34f],
    [0x61c, 0x61c],
    [0x115f, 0x1160],
    [0x1680, 0x1680],
  ] as [number, number][]),
  ...([
    [0x17b4, 0x17b5],
    [0x180b, 0x180f],
    [0x2000, 0x200f],
    [0x2028, 0x202f],
  ] as [number, number][]),
  ...([
    [0x205f, 0x206f],
    [0x2800, 0x2800],
    [0x3000, 0x3000],
    [0x3164, 0x3164],
  ] as [number, number][]),
  ...([
    [0xd800, 0xdfff],
    [0xe000, 0xe0ff],
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
  ] as [number, number][]),
  ...([
    [0xffa0, 0xffa0],
    [0xfff0, 0xfffb],
    [0xfffe, 0xffff],
    [0x1bca0, 0x1bca3],
  ] as [number, number][]),
  ...([
    [0x1d173, 0x1d17a],
    [0xe0000, 0xe0fff],
    [0xf0000, 0xf00ff],
  ] as [number, number][]),
];
const isUnseen = (char: string) => {
  const code = char.codePointAt(0) ?? 0;
  return unseen.some(([from, to]) => from <= code && code <= to);
};
const spelling = (char: string) =>
  `\\u{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}}`;

test("every character that cannot be seen is spelled out, by its number", () => {
  for (const [from, to] of unseen) {
    for (let code = from; code <= to; code++) {
      const char = String.fromCodePoint(code);
      expect(visible(`a${char}b`)).toBe(`a${spelling(char)}b`);
    }
  }
});

test("every other character stays as it is: letters, marks, signs, newline and tab", () => {
  for (const text of [
    "plain\n\ttext",
    "Ærøskøbing",
    "日本語",
    "नमस्ते",
    "العربية",
    "e\u0301",
    '💥 5 < 6 && "x" \\u{200B}',
  ]) {
    expect(visible(text)).toBe(text);
  }
});

test(
  "whatever is mixed, nothing unseen is left, nothing else is touched, and doing it twice is doing it once",
  { timeout: 30_000 },
  () => {
    const [bad, any] = [fc.constantFrom(...unseen), fc.string({ unit: "binary", maxLength: 20 })];
    const nasty = bad
      .chain(([from, to]) => fc.integer({ min: from, max: to }))
      .map((code) => String.fromCodePoint(code));
    // Joined by a letter, so that two halves never make a character of their own.
    const mixed = fc
      .array(fc.oneof(any, nasty, fc.string()), { maxLength: 12 })
      .map((parts) => parts.join("x"));
    fc.assert(
      fc.property(mixed, (text) => {
        const shown = visible(text);
        expect(Array.from(shown).filter(isUnseen)).toEqual([]);
        expect(visible(shown)).toBe(shown);
        const back = shown.replaceAll(/\\u\{([0-9A-F]{4,6})\}/g, (whole, hex: string) =>
          text.includes(whole) ? whole : String.fromCodePoint(Number.parseInt(hex, 16)),
        );
        if (!text.includes("\\u{")) expect(back).toBe(text);
      }),
      { numRuns: 1000, seed: 20261101 },
    );
  },
);
