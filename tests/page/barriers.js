// What stands in the way of people with other means than eyes and a mouse.
import AxeBuilder from "@axe-core/playwright";

/** @param {import("@playwright/test").Page} page @returns {Promise<string[]>} each in a line */
export async function barriersIn(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}
