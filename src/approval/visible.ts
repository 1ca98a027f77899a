/**
 * Characters that a reader cannot see or that turn the text around them: control, bidirectional, zero-width, tag and
 * other format characters, variation selectors, and spaces that pass for others. Newline and tab stay.
 */
const hidden =
  // The combining characters stand for themselves here, not for what they would combine with.
  // oxlint-disable-next-line no-misleading-character-class
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0\u034F\u180B-\u180F\uFE00-\uFE0F\u{E0100}-\u{E01EF}]|(?! )\p{Zs}/gu;

/** The text with everything invisible in it spelled out, so that what a person reads is what there is. */
export function visible(text: string): string {
  return text.replace(hidden, (char) => {
    if (char === "\n" || char === "\t") return char;
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}}`;
  });
}
