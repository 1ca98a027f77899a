/** A status, or another word, as a title. */
export function titleOf(word: string): string {
  return `${word[0]?.toUpperCase()}${word.slice(1)}`;
}

interface TabsProps {
  label: string;
  tabs: readonly { title: string; href: string; isCurrent: boolean; count?: string }[];
}

/** The parts of a section, as links: one page each. */
export function Tabs({ label, tabs }: TabsProps) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ count, href, isCurrent, title }) => (
        <a href={href} aria-current={isCurrent ? "page" : undefined}>
          {title}
          {count !== undefined && <span class="dim"> {count}</span>}
        </a>
      ))}
    </nav>
  );
}
