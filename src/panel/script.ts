import { followScript } from "./follow-script.ts";
import { words } from "./words.ts";

/**
 * What the pages do in a browser beside what their forms do without it: they hear of changes, count what waits in the title,
 * and can be used by keyboard. It is served as it stands here, so it is written in what every browser of today runs.
 */
export const script = `"use strict";
(() => {
  const say = (text) => {
    const place = document.getElementById("said");
    if (place) place.textContent = text;
  };

  // ---- What is live: elements marked so are put in the place of their older selves.
  let asking = false;
  let again = false;
  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    const text = typed();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
      if (answer.type === "opaqueredirect") return location.reload();
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(old.id);
        if (!fresh) continue;
        // A part that is still there stays with what was typed in it, whatever has come or gone around it.
        const kept = [...old.querySelectorAll("[data-keep]")].flatMap((part) => {
          const copy = fresh.querySelector("#" + CSS.escape(part.id) + "[data-keep]");
          if (!copy) return [];
          const same = part.cloneNode(true);
          copy.replaceWith(same);
          return [[part, same]];
        });
        if (fresh.outerHTML === old.outerHTML) continue;
        // A form is left alone until what it is about has changed: somebody may be typing.
        if (old.dataset.live !== "" && old.dataset.live === fresh.dataset.live) continue;
        if (old.dataset.live !== "") say(fresh.dataset.said || ${JSON.stringify(words.frame.changed)});
        const focused = old.contains(document.activeElement) && document.activeElement.id;
        for (const [part, same] of kept) same.replaceWith(part);
        old.replaceWith(document.adoptNode(fresh));
        if (focused) document.getElementById(focused)?.focus();
      }
      base = page.title;
      tell();
      refreshed(text);
    } catch {
      // The next change, or the next connection, asks again.
    } finally {
      asking = false;
      if (again) { again = false; setTimeout(refresh, 200); }
    }
  }

  let waitMs = 500;
  let missed = false;
  function connect() {
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/panel/live");
    const beat = setInterval(() => socket.readyState === 1 && socket.send("ping"), 30000);
    socket.onopen = () => {
      waitMs = 500;
      if (missed) { missed = false; changed(); }
    };
    socket.onmessage = ({ data }) => data !== "pong" && changed();
    socket.onclose = () => {
      clearInterval(beat);
      missed = true;
      setTimeout(connect, waitMs * (0.5 + Math.random()));
      waitMs = Math.min(30000, waitMs * 2);
    };
  }
  let timer;
  function changed() {
    clearTimeout(timer);
    timer = setTimeout(() => { refresh(); count(); }, 100);
  }

${followScript}
  // ---- How many wait, in the title and the icon.
  let base = document.title;
  let waiting = null;
  async function count() {
    try {
      const answer = await fetch("/approvals/count?status=pending");
      if (answer.ok) waiting = (await answer.json()).count;
    } catch {
      return;
    }
    tell();
  }
  function tell() {
    document.title = waiting ? "(" + waiting + ") " + base : base;
    const icon = document.querySelector("link[rel=icon]");
    if (icon && waiting !== null) icon.href = "/panel/icon.svg?pending=" + waiting;
  }

  // ---- The keyboard.
  const help = () => document.getElementById("keys");
  const off = () => localStorage.getItem("kern.keys") === "off";
  function move(by) {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.indexOf(document.activeElement.closest?.("[data-row]"));
    const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
    row?.querySelector("a")?.focus();
  }
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: () => document.querySelector("button.yes")?.focus(),
    r: () => (document.querySelector("#reason") || document.querySelector("#note") || document.querySelector("button.no"))?.focus(),
    e: () => document.querySelector("[data-edit], .field input, .field textarea, .field select")?.focus(),
    "?": () => help()?.showModal?.(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help()?.open) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (off() && event.key !== "?") return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  addEventListener("change", ({ target }) => {
    if (target.id === "keys-on") localStorage.setItem("kern.keys", target.checked ? "on" : "off");
    if (target.id === "select-all")
      for (const box of document.querySelectorAll("input[name=id]")) box.checked = target.checked;
  });
  addEventListener("click", ({ target }) => {
    if (target.closest?.("[data-open-keys]")) help()?.showModal?.();
  });
  const box = document.getElementById("keys-on");
  if (box) box.checked = !off();
  for (const hidden of document.querySelectorAll("[data-script]")) hidden.hidden = false;

  count();
  connect();
  follow();
})();
`;
