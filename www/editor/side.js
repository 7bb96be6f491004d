// Beside the text: people, the channel between tabs, and what can be done with the text as a whole.

import { html, nothing, render, valueOf } from "../lib/dom.js";
import { counted } from "../lib/format.js";

/** @typedef {import("./shared-text.js").SharedText} SharedText */

/** The switches of the channel. @param {SharedText} text */
export function switchesOf(text) {
  return html`<label class="switch"
      ><input
        type="checkbox"
        .checked=${!text.online}
        @change=${(/** @type {Event} */ e) =>
          text.setOnline(!(/** @type {HTMLInputElement} */ (e.currentTarget).checked))}
      />Offline</label
    ><label class="switch"
      ><input
        type="checkbox"
        .checked=${text.hostile}
        @change=${(/** @type {Event} */ e) =>
          text.setHostile(/** @type {HTMLInputElement} */ (e.currentTarget).checked)}
      />Hostile channel</label
    >`;
}

/**
 * Who is here, what goes over the channel, and what can be done with the text.
 * @param {HTMLElement} host
 * @param {SharedText} text
 * @param {{ download: () => void, chooseFile: (event: Event) => void, askToDelete: () => void }} deeds
 */
export function drawSide(host, text, deeds) {
  const { counts, peers } = text.room;
  const wire = text.wire?.counts;
  render(
    html`<section>
        <h2>People here</h2>
        <ul class="people">
          <li>
            <i class="dot tone-${text.person.tone}"></i><label class="hidden" for="my-name">Your name</label
            ><input
              id="my-name"
              maxlength="24"
              .value=${text.person.name}
              @change=${(/** @type {Event} */ e) => {
                text.rename(valueOf(e));
                /** @type {HTMLInputElement} */ (e.currentTarget).value = text.person.name;
              }}
            /><span class="soft">you</span>
          </li>
          ${[...peers.values()].map(
            ({ person }) => html`<li><i class="dot tone-${person.tone}"></i><span>${person.name}</span></li>`,
          )}
        </ul>
      </section>
      <section>
        <h2>The channel between tabs</h2>
        <div class="switches">${switchesOf(text)}</div>
        <p class="note">
          Offline: this tab hears and tells nothing. Hostile: what it says and hears is lost, doubled, and
          kept back, so that it comes in another order.
        </p>
        <dl class="facts">
          <dt>Sent</dt>
          <dd>${counts.sent.toLocaleString("en")}</dd>
          <dt>Received</dt>
          <dd>${counts.received.toLocaleString("en")}</dd>
          ${
            wire && (text.hostile || wire.dropped > 0)
              ? html`<dt>Lost</dt>
                  <dd>${wire.dropped.toLocaleString("en")}</dd>
                  <dt>Doubled</dt>
                  <dd>${wire.duplicated.toLocaleString("en")}</dd>`
              : nothing
          }
          ${
            text.replica.heldBack > 0
              ? html`<dt>Held back</dt>
                  <dd>${counted(text.replica.heldBack, "change")} that came early</dd>`
              : nothing
          }
          ${
            counts.garbage > 0
              ? html`<dt>Ignored</dt>
                  <dd>${counted(counts.garbage, "message")} that made no sense</dd>`
              : nothing
          }
        </dl>
      </section>
      <section>
        <h2>This text</h2>
        <div class="actions">
          <button @click=${deeds.download}>Download as text</button
          ><label class="button"
            >Import a file<input type="file" class="hidden" @change=${deeds.chooseFile}
          /></label>
          <button ?disabled=${peers.size > 0 || !text.online} @click=${deeds.askToDelete}>
            Delete this text
          </button>
        </div>
        <p class="note">
          A file's text goes to where the cursor is. Undo takes back what you did, and nothing of what others
          did.
          ${
            peers.size > 0 || !text.online
              ? "Only who is alone with a text, and online, so that it knows, can delete it."
              : nothing
          }
        </p>
      </section>`,
    host,
  );
}
