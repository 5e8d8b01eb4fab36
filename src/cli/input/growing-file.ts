import { open, stat } from "node:fs/promises";
import { InputError } from "../../errors.ts";

/** The whole lines of a file so far. */
export interface Growth {
  readonly text: string;
  /** What stands behind the last of them: half a line, or one that lacks its end. */
  readonly rest: string;
  /** The file was replaced or cut: this is another text. */
  readonly restarted: boolean;
}

/** So many bytes before the end are compared, to see whether the file is still the same. */
const sampled = 64;

/**
 * A text file that something else still writes. Each call gives its whole lines so far, or null where it
 * has not changed; half a last line waits for its end. Size, time and a sample of bytes tell what
 * happened, since file systems over a network send no notices; only what is new is read.
 *
 * @returns a function that looks once; it throws InputError when the file cannot be read, and gives null
 *   while one that was there before is gone
 */
export function growingFile(path: string): () => Promise<Growth | null> {
  let state = { inode: 0, size: -1, time: 0 };
  let read = 0; // bytes
  let tail = Buffer.alloc(0); // the last of them
  let lines = "";
  let rest = Buffer.alloc(0); // half a line
  return async () => {
    const info = await stat(path).catch((cause) => {
      // Between the removal of a file and its replacement there is none.
      if (state.size >= 0) return null;
      throw new InputError(`${path}: no such file or directory`, { cause });
    });
    if (info === null) return null;
    const now = { inode: info.ino, size: info.size, time: info.mtimeMs };
    if (now.inode === state.inode && now.size === state.size && now.time === state.time)
      return null;
    const first = state.size < 0;
    const file = await open(path).catch((cause) => {
      throw new InputError(`${path}: cannot be read`, { cause });
    });
    try {
      const same = now.inode === state.inode && now.size >= read;
      const before = same ? await bytesAt(file, read - tail.length, tail.length) : null;
      const restarted = !first && !before?.equals(tail);
      if (restarted) {
        [read, lines, rest, tail] = [0, "", Buffer.alloc(0), Buffer.alloc(0)];
      }
      const fresh = await bytesAt(file, read, now.size - read);
      state = now;
      read += fresh.length;
      tail = Buffer.concat([tail, fresh]).subarray(-sampled);
      const all = Buffer.concat([rest, fresh]);
      const end = all.lastIndexOf(10) + 1;
      lines += all.subarray(0, end).toString("utf8");
      rest = all.subarray(end);
      return { text: lines, rest: rest.toString("utf8"), restarted };
    } finally {
      await file.close();
    }
  };
}

/** As many bytes as there are, at most `count`. */
async function bytesAt(
  file: Awaited<ReturnType<typeof open>>,
  position: number,
  count: number,
): Promise<Buffer> {
  const buffer = Buffer.alloc(count);
  let filled = 0;
  while (filled < count) {
    const { bytesRead } = await file.read(buffer, filled, count - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
