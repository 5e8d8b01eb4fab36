import { afterAll, beforeAll, describe } from "vitest";
import { lapackProvider } from "../../src/linalg/lapack.ts";
import { useProvider } from "../../src/linalg/provider.ts";

const absent = lapackProvider() === null;

/** The same tests with each provider; by LAPACK they are skipped where there is none, and say so. */
export function onProviders(body: (name: "lapack" | "ml-matrix") => void): void {
  for (const name of ["lapack", "ml-matrix"] as const) {
    const skipped = name === "lapack" && absent;
    const title = skipped ? "lapack: apt-get install libopenblas0-pthread" : name;
    describe.skipIf(skipped)(title, () => {
      beforeAll(() => useProvider(name));
      afterAll(() => useProvider("auto"));
      body(name);
    });
  }
}
