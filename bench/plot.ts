/** A figure over named places: a line for each series, on a logarithmic scale, as SVG that reads on light and on dark. */
export interface Plot {
  title: string;
  xLabel: string;
  yLabel: string;
  /** The places, from left to right. */
  xs: string[];
  series: Series[];
}

export interface Series {
  name: string;
  /** A value for each place. */
  ys: number[];
  /** Series of one colour belong together. */
  color: keyof typeof colors;
  dashed?: boolean;
}

/** Of enough contrast on white and on near-black alike. */
const colors = { blue: "#3b82f6", grey: "#858d99", orange: "#e0762f", green: "#2f9e5f" };
const [width, height] = [740, 400];
const area = { left: 64, right: 540, top: 48, bottom: 340 };

export function svg({ series, title, xLabel, xs, yLabel }: Plot): string {
  const values = series.flatMap(({ ys }) => ys);
  const ticks = ticksFor(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0] ?? 1, ticks.at(-1) ?? 10];
  const x = (index: number) =>
    area.left + ((area.right - area.left) * (index + 0.5)) / Math.max(1, xs.length);
  const y = (value: number) =>
    area.bottom - ((area.bottom - area.top) * Math.log(value / low)) / Math.log(high / low);
  const grid = ticks.flatMap((tick) => [
    `<line x1="${area.left}" x2="${area.right}" y1="${at(y(tick))}" y2="${at(y(tick))}" class="grid"/>`,
    text(area.left - 8, y(tick) + 4, String(tick), "end"),
  ]);
  const labels = xs.map((name, index) => text(x(index), area.bottom + 22, name, "middle"));
  const lines = series.map(({ color, dashed, ys }) => {
    const points = ys.map((value, index) => `${at(x(index))},${at(y(value))}`);
    const dots = points.map((point) => {
      const [cx, cy] = point.split(",");
      return `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colors[color]}"/>`;
    });
    const dash = dashed === true ? ' stroke-dasharray="6 4"' : "";
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colors[color]}" stroke-width="2"${dash}/>${dots.join("")}`;
  });
  const legend = series.map(({ color, dashed, name }, index) => {
    const top = area.top + 8 + index * 24;
    const dash = dashed === true ? ' stroke-dasharray="6 4"' : "";
    return `<line x1="${area.right + 16}" x2="${area.right + 44}" y1="${top}" y2="${top}" stroke="${colors[color]}" stroke-width="2"${dash}/>${text(area.right + 52, top + 4, name, "start")}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #57606a; }
.title { font-weight: 600; font-size: 15px; }
.grid { stroke: #858d99; stroke-opacity: 0.3; }
@media (prefers-color-scheme: dark) { text { fill: #adb5c0; } }
</style>
${text(area.left, 24, title, "start", "title")}
${text(area.left - 8, area.top - 10, yLabel, "start")}
${[...grid, ...labels, ...lines, ...legend].join("\n")}
${text((area.left + area.right) / 2, height - 14, xLabel, "middle")}
</svg>
`;
}

/** One, two and five of each power of ten, from below the least value to above the greatest. */
function ticksFor(min: number, max: number): number[] {
  const all: number[] = [];
  for (let power = -3; power <= 7; power++)
    for (const step of [1, 2, 5]) all.push(Number((step * 10 ** power).toPrecision(1)));
  const first = all.findLastIndex((tick) => tick <= min);
  const last = all.findIndex((tick) => tick >= max);
  return all.slice(first, last + 1);
}

function text(x: number, y: number, content: string, anchor: string, name?: string): string {
  const own = name === undefined ? "" : ` class="${name}"`;
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}"${own}>${escaped(content)}</text>`;
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
