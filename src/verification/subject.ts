import { DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type {
  Convergence,
  Convolution,
  Iteration,
  Lipschitz,
  Resolvent,
  UniqueEquilibrium,
} from "./certificate.ts";
import { convergence, type Finding, lipschitz, resolvent, uniqueEquilibrium } from "./findings.ts";
import type { Relation } from "./measures.ts";
import { torusSubject } from "./torus-findings.ts";
import { requireAdded, weightsOf } from "./weights.ts";

/** A network that claims are about: every inequality as its weights have it now. */
export interface Subject {
  readonly unique: Finding<UniqueEquilibrium["inequality"]>;
  /** Null where the iteration has no R. */
  readonly relation: RelationFinding | null;
  readonly contraction: Finding<Convergence["inequality"]>;
  /** @param m  monotonicity of what runs; no finite bound where it is not positive */
  readonly lipschitz: (m: {
    readonly measured: number;
    readonly proven: number;
  }) => Finding<Lipschitz["inequality"]>;
}

export type RelationFinding = Finding<Resolvent["inequality"]> &
  Pick<Relation, "residual" | "tolerance"> & { readonly alpha: number };

/** @throws DataError, ShapeError  for tensors that are not those of such a network */
export function subjectOf(
  tensors: Readonly<Record<string, Tensor>>,
  { iteration, convolution }: { iteration: Iteration; convolution?: Convolution },
): Subject {
  requireAdded(tensors);
  const alpha = Math.fround(iteration.alpha); // as the file's float32 has it
  const stored = tensors.alpha?.data[0];
  if (stored !== undefined && Number(stored) !== alpha)
    throw new DataError(`tensor "alpha" is ${stored}, the iteration's α ${iteration.alpha}`);
  if (convolution !== undefined) return torusSubject(tensors, alpha, convolution);
  const weights = weightsOf(tensors, iteration.splitting);
  const { W, R } = weights;
  return {
    unique: uniqueEquilibrium(weights),
    relation: R && { ...resolvent(W, R, alpha), alpha },
    contraction: convergence(weights, alpha),
    lipschitz: (m) => lipschitz(weights, m),
  };
}
