// What belongs to one protocol on the page of a run: it stays as it was left while another one is shown.

import { notice } from "../panels/notices.js";
import { Player } from "../player.js";
import { viewOf } from "../views/index.js";
import { protocolInfo } from "../wasm.js";

export class Seat {
  /**
   * @param {string} protocol
   * @param {Pick<import("./run.js").RunPage, "onTrouble" | "onJump">} page
   */
  constructor(protocol, page) {
    this.info = protocolInfo(protocol);
    this.view = viewOf(protocol);
    this.player = new Player(this.info);
    this.player.onTrouble = (kind, error) => page.onTrouble(kind, error);
    this.player.onJump = () => page.onJump();
    this.player.onForgotten = (name) =>
      notice(`Only so many runs are kept: the oldest, “${name}”, has been let go.`);
    /** The ready scenarios, once they are read. @type {import("../panels/gallery.js").Lesson[]} */
    this.lessons = [];
    this.read = this.readLessons();
    /** The one that is shown. @type {string | null} */
    this.lesson = null;
    /** Whether it was playing when it was left. */
    this.resumes = false;
  }

  async readLessons() {
    const read = async (/** @type {string} */ name) =>
      (await fetch(new URL(`lessons/${this.info.name}/${name}.json`, document.baseURI))).json();
    /** @type {string[]} */
    const names = await read("index");
    this.lessons = await Promise.all(names.map(async (name) => ({ name, scenario: await read(name) })));
    this.player.version++;
  }

  /** Time stands still while another page or protocol is shown. */
  rest() {
    this.resumes = this.player.playing;
    this.player.pause();
  }

  /** Goes on as it was left. */
  resume() {
    if (this.resumes) this.player.play();
    this.resumes = false;
  }
}
