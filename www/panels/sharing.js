// A run as a link, as a file, as text; and back.

import { html, nothing, render, saveFile } from "../lib/dom.js";

/**
 * @param {HTMLElement} host
 * @param {{ link: string, json: string, title: string, error: string,
 *   copied: boolean, copy: () => void, load: (text: string) => void }} state
 */
export function drawSharing(host, { link, json, title, error, copied, copy, load }) {
  const file = async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const text = await input.files?.[0]?.text();
    // Emptied, so that the same file can be chosen again.
    input.value = "";
    if (text !== undefined) load(text);
  };
  const paste = (/** @type {Event} */ event) => {
    event.preventDefault();
    const area = /** @type {HTMLFormElement} */ (event.currentTarget).querySelector("textarea");
    load(area?.value ?? "");
  };
  render(
    html`<h1>Share this run</h1>
      <p class="soft">
        The link holds the scenario, its seed and all that was done, and opens at this very event.
      </p>
      <section>
        <label class="hidden" for="share-link">Link to this run</label>
        <input
          id="share-link"
          readonly
          .value=${link}
          @focus=${(/** @type {Event} */ e) => /** @type {HTMLInputElement} */ (e.currentTarget).select()}
        />
        <div class="actions">
          <button class="primary" @click=${copy}>${copied ? "Copied" : "Copy the link"}</button>
          <button @click=${() => saveFile(`${fileName(title)}.json`, json)}>Save as a file</button>
        </div>
      </section>
      <section>
        <h2>Open a scenario</h2>
        <form @submit=${paste}>
          <label for="paste">Scenario as JSON</label>
          <textarea id="paste" spellcheck="false" placeholder='{ "protocol": "raft", "nodes": 5 }'></textarea>
          ${error ? html`<p class="wrong" role="alert" id="paste-error">${error}</p>` : nothing}
          <div class="actions">
            <button type="submit">Run it</button>
            <button type="button" @click=${() => fill(host, json)}>Fill in this run's</button>
            <input type="file" accept=".json,application/json" aria-label="Scenario file" @change=${file} />
          </div>
        </form>
      </section>`,
    host,
  );
}

/**
 * @param {HTMLElement} host
 * @param {string} json
 */
function fill(host, json) {
  const area = host.querySelector("textarea");
  if (area) area.value = json;
}

/** @param {string} title */
function fileName(title) {
  return (
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "scenario"
  );
}
