/** The panel's icon, with the number of approvals that wait; more than 99 are told as such. */
export function icon(pending: number): string {
  const badge =
    pending === 0
      ? ""
      : `<circle cx="22" cy="22" r="10" fill="#a3231f"/><text x="22" y="26" font-size="12" font-weight="700" font-family="sans-serif" text-anchor="middle" fill="#fff">${pending > 99 ? "99" : pending}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b57a4"/><path d="M9 7v18M21 8l-11 8 11 9" stroke="#fff" stroke-width="4" fill="none"/>${badge}</svg>`;
}
