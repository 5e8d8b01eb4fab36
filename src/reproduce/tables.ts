export { markdownTable } from "../report/markdown-table.ts";
