/** What the page does in a browser; it is served as it stands here, so it is written in what every browser of today runs. */
export const script = `"use strict";
(async () => {
  const element = (id) => document.getElementById(id);
  const say = (text) => {
    element("said").className = text ? "card notice" : "";
    element("said").textContent = text;
  };
  say("");
  const here = location.pathname;
  const token = location.hash.slice(1);
  // Nobody who looks at the screen, at the history or at a bookmark finds it.
  history.replaceState(null, "", here);
  if (!token) return say("Open the link in the mail once more, or decide in the panel.");

  async function ask(path, body) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token, ...body }),
      });
      const said = await answer.json();
      return answer.ok ? said : { problem: String(said.detail), status: answer.status };
    } catch {
      return { problem: "The service cannot be reached. Try again." };
    }
  }

  function show(view) {
    document.title = view.tool_name + ": " + view.status + " · kern";
    element("title").textContent = view.tool_name + ": " + view.status;
    element("facts").replaceChildren(...view.facts.flatMap(([name, value]) => {
      const term = document.createElement("dt");
      const text = document.createElement("dd");
      term.textContent = name;
      text.textContent = value;
      return [term, text];
    }));
    element("in-short").hidden = view.preview === null;
    element("preview").textContent = view.preview;
    element("arguments").textContent = view.arguments;
    element("tool").textContent = view.tool_name;
    element("you").textContent = view.you;
    element("approval").hidden = false;
  }

  const view = await ask(here + "/look", {});
  if (view.problem) return say(view.problem);
  show(view);
  if (view.status !== "pending") return say("This is " + view.status + " already.");
  for (const reason of view.reasons || []) element("reason").append(new Option(reason, reason));
  element("reason-label").hidden = !view.reasons;
  const form = element("answer");
  form.hidden = false;
  // A decision is made by pressing the button that says so, and not by Enter.
  form.addEventListener("submit", (event) => event.preventDefault());
  const buttons = [...form.querySelectorAll("[data-decision]")];
  for (const button of buttons) button.addEventListener("click", async () => {
    const status = button.dataset.decision;
    if (status === "rejected" && view.reasons && !element("reason").value) {
      say("Choose a reason for the rejection.");
      return element("reason").focus();
    }
    for (const one of buttons) one.disabled = true;
    const answer = await ask(here, {
      status,
      confirmation: element("confirmation").value,
      note: element("note").value,
      ...(status === "rejected" && view.reasons && { reason: element("reason").value }),
    });
    for (const one of buttons) one.disabled = false;
    if (answer.problem) {
      say(answer.problem);
      if (answer.status === 409) form.hidden = true;
      if (answer.status === 422) element("confirmation").focus();
      return;
    }
    form.hidden = true;
    show(answer);
    say(answer.status === "pending" ? "Your vote counts. More are needed." : "This is " + answer.status + " now.");
  });
})();
`;
