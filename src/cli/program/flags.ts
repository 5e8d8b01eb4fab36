/** Flags that every command has: spread into `.option`. */
export const jsonOption = ["--json", "one JSON document on stdout, also on failure"] as const;
export const plainOption = ["--no-color", "no colours (also: NO_COLOR)"] as const;
