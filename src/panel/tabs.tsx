interface TabsProps {
  label: string;
  tabs: readonly { title: string; href: string; isCurrent: boolean }[];
}

/** The parts of a section, as links: one page each. */
export function Tabs({ label, tabs }: TabsProps) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ href, isCurrent, title }) => (
        <a href={href} aria-current={isCurrent ? "page" : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}
