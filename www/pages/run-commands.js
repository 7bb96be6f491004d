// The table of commands: keys, buttons and help are made from it.

/**
 * @param {import("./run.js").RunPage} page
 * @returns {import("../lib/keys.js").Command[]}
 */
export function commandsOf(page) {
  const { hands, dialogs } = page;
  const faster = (/** @type {number} */ times) => () => page.player.setSpeed(page.player.speed * times);
  // The player is asked for each time: another protocol has another one.
  const atStart = () => page.player.sim !== null && page.player.position > page.player.frameReader.nodes;
  return [
    { id: "play", group: "Time", label: "Play or pause", keys: ["Space"], run: () => page.player.toggle() },
    {
      id: "on",
      group: "Time",
      label: "One event on",
      keys: ["ArrowRight"],
      run: () => void page.player.stepOn(),
    },
    {
      id: "back",
      group: "Time",
      label: "One event back",
      keys: ["ArrowLeft"],
      when: atStart,
      run: () => void page.player.stepBack(),
    },
    { id: "start", group: "Time", label: "To the start", keys: ["Home"], run: () => page.player.seek(0) },
    {
      id: "end",
      group: "Time",
      label: "To the end",
      keys: ["End"],
      run: () => page.player.seek(page.player.end),
    },
    { id: "slower", group: "Time", label: "Slower", keys: ["["], run: faster(1 / 1.5) },
    { id: "faster", group: "Time", label: "Faster", keys: ["]"], run: faster(1.5) },
    {
      id: "heal",
      group: "Cluster",
      label: "Heal all links",
      keys: ["h"],
      run: () => hands.act({ do: "heal" }),
    },
    { id: "join", group: "Cluster", label: "Add a node", keys: ["n"], run: () => hands.act({ do: "join" }) },
    {
      id: "request",
      group: "Cluster",
      label: "Ask for something",
      keys: ["r"],
      run: () => hands.focusRequest(),
    },
    { id: "links", group: "Cluster", label: "Cut or mend links", keys: ["c"], run: () => hands.openLinks() },
    {
      id: "manual",
      group: "Cluster",
      label: "Deliver by hand, or not",
      keys: ["m"],
      run: () => hands.toggleManual(),
    },
    {
      id: "messages",
      group: "Cluster",
      label: "Messages under way",
      keys: ["w"],
      run: () => hands.listMessages(),
    },
    {
      id: "clients",
      group: "Cluster",
      label: "Pause a client, or set its clock",
      keys: ["k"],
      run: () => hands.listClients(),
    },
    {
      id: "nodes",
      group: "Cluster",
      label: "To the nodes",
      keys: ["g"],
      run: () => page.stage.nodes.focus(page.node),
    },
    {
      id: "face",
      group: "Look",
      label: "Ring or space-time diagram",
      keys: ["t"],
      run: () => page.face.turn(),
    },
    {
      id: "save",
      group: "Look",
      label: "Save pictures and the trace",
      keys: ["x"],
      run: () => page.face.save(),
    },
    { id: "events", group: "Look", label: "All events", keys: ["e"], run: () => page.toggleEvents() },
    {
      id: "violation",
      group: "Look",
      label: "To the first violation",
      keys: ["v"],
      run: () => page.player.violations[0] && page.openEvent(page.player.violations[0].event),
    },
    { id: "branches", group: "Look", label: "Branches", keys: ["b"], run: () => dialogs.branches() },
    { id: "options", group: "Look", label: "Options", keys: ["o"], run: () => dialogs.options() },
    { id: "share", group: "Look", label: "Share, save and open", keys: ["s"], run: () => dialogs.share() },
    { id: "help", group: "Look", label: "Keys and shapes", keys: ["?"], run: () => dialogs.help() },
  ];
}
