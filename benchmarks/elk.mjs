// Lays out graphs with elkjs: a JSON list on standard input, the list with places on standard output.
import { createRequire } from "node:module";
const require = createRequire(`${process.cwd()}/`);
const ELK = require("elkjs/lib/elk.bundled.js");
const text = await new Promise((resolve) => {
  let all = "";
  process.stdin.on("data", (part) => { all += part; });
  process.stdin.on("end", () => resolve(all));
});
const elk = new ELK();
const found = [];
for (const graph of JSON.parse(text)) {
  const start = performance.now();
  const placed = await elk.layout(graph);
  placed.seconds = (performance.now() - start) / 1000;
  found.push(placed);
}
process.stdout.write(JSON.stringify(found));
