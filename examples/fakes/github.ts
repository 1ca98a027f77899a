import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { type Answer, type Asked, listen } from "./listen.ts";

export interface Issue {
  number: number;
  title: string;
  body: string;
  /** Who has written it. */
  login: string;
}

/** An event as GitHub sends it: each time the same bytes. */
export interface Hook {
  headers: Record<string, string>;
  body: string;
}

const owner = { login: "acme", id: 9001, type: "Organization", site_admin: false };
const repository = {
  id: 7001,
  node_id: "R_7001",
  name: "shop",
  full_name: "acme/shop",
  private: true,
  owner,
  html_url: "https://github.com/acme/shop",
  url: "https://api.github.com/repos/acme/shop",
  default_branch: "main",
};
const documentation_url = "https://docs.github.com/rest";

/** GitHub, as far as one repository's issues go: it sends an event when one is labelled, and takes comments. */
export class FakeGitHub {
  readonly token = `github_pat_${randomBytes(20).toString("hex")}`;
  readonly secret = randomBytes(20).toString("hex");
  readonly comments: { issue: number; body: string }[] = [];
  readonly #issues = new Map<number, Issue>();

  /** Serves its API; answers the URL. */
  async start(): Promise<string> {
    return listen((asked) => this.#answer(asked));
  }

  /** Somebody with the right to do so labels an issue: the event that is sent of it. */
  label(issue: Issue, name: string): Hook {
    this.#issues.set(issue.number, issue);
    const label = { id: 501, node_id: "LA_501", name, color: "d73a4a", default: false };
    const sender = { login: "bob", id: 1002, type: "User", site_admin: false };
    const body = JSON.stringify({
      action: "labeled",
      issue: { ...issueOf(issue), labels: [label] },
      label,
      repository,
      organization: { login: owner.login, id: owner.id },
      sender,
    });
    const sign = (hash: string) => createHmac(hash, this.secret).update(body).digest("hex");
    return {
      body,
      headers: {
        accept: "*/*",
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/1a2b3c4",
        "x-github-delivery": randomUUID(),
        "x-github-event": "issues",
        "x-github-hook-id": "292430182",
        "x-github-hook-installation-target-id": String(repository.id),
        "x-github-hook-installation-target-type": "repository",
        "x-hub-signature": `sha1=${sign("sha1")}`,
        "x-hub-signature-256": `sha256=${sign("sha256")}`,
      },
    };
  }

  #answer({ body, headers, method, path }: Asked): Answer {
    const refuse = (status: number, message: string): Answer => ({
      status,
      body: { message, documentation_url, status: String(status) },
    });
    if (headers["user-agent"] === undefined) return { status: 403, body: "User-Agent is missing." };
    if (headers.authorization !== `Bearer ${this.token}`) return refuse(401, "Bad credentials");
    const [, number] = /^\/repos\/acme\/shop\/issues\/(\d+)\/comments$/.exec(path) ?? [];
    const issue = this.#issues.get(Number(number));
    if (method !== "POST" || issue === undefined) return refuse(404, "Not Found");
    const { body: text } = JSON.parse(body) as { body?: unknown };
    if (typeof text !== "string" || text === "") return refuse(422, "Validation Failed");
    this.comments.push({ issue: issue.number, body: text });
    const id = 3000 + this.comments.length;
    const now = new Date().toISOString();
    return {
      status: 201,
      body: {
        id,
        node_id: `IC_${id}`,
        url: `${repository.url}/issues/comments/${id}`,
        html_url: `${repository.html_url}/issues/${issue.number}#issuecomment-${id}`,
        issue_url: `${repository.url}/issues/${issue.number}`,
        user: { login: "acme-bot", id: 1003, type: "Bot", site_admin: false },
        created_at: now,
        updated_at: now,
        author_association: "MEMBER",
        body: text,
      },
    };
  }
}

function issueOf({ body, login, number, title }: Issue): object {
  return {
    id: 8000 + number,
    node_id: `I_${8000 + number}`,
    number,
    title,
    body,
    state: "open",
    locked: false,
    comments: 0,
    assignee: null,
    assignees: [],
    milestone: null,
    author_association: "NONE",
    user: { login, id: 1001, type: "User", site_admin: false },
    url: `${repository.url}/issues/${number}`,
    html_url: `${repository.html_url}/issues/${number}`,
    created_at: "2026-11-26T10:00:00Z",
    updated_at: "2026-11-26T10:05:00Z",
    closed_at: null,
  };
}
