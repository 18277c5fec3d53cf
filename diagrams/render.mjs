// Draws DOT from standard input as SVG on standard output, with Graphviz compiled for node.
import { instance } from "@viz-js/viz";
import { readFileSync } from "node:fs";

const viz = await instance();
process.stdout.write(viz.renderString(readFileSync(0, "utf8"), { format: "svg" }));
