/** eigenflow/data: what comes in. */

export { averagedDown, type Side } from "./data/average.ts";
export { copyMemory, recall } from "./data/copy-memory.ts";
export {
  type CsvColumns,
  type CsvDataset,
  parseCsv,
  parseTable,
  readCsv,
  readTable,
  type Table,
} from "./data/csv.ts";
export { cubicSine } from "./data/cubic-sine.ts";
export {
  checkDataset,
  type Dataset,
  type Split,
  selectRows,
  type Targets,
} from "./data/dataset.ts";
export { type Experiment, experimentOf, requireAlike } from "./data/experiment/experiment.ts";
export {
  applyScaling,
  detrend,
  fitScaling,
  type SignalScaling,
  unscaleOutputs,
} from "./data/experiment/prepare.ts";
export {
  parseExperiments,
  type Roles,
  readExperiment,
  readExperiments,
} from "./data/experiment/read.ts";
export { resample } from "./data/experiment/resample.ts";
export { cut, splitExperiment } from "./data/experiment/split.ts";
export { type IdxArray, parseIdx } from "./data/idx.ts";
export { mnist, readMnist } from "./data/mnist.ts";
export { formatNpy, type NpyArray, parseNpy, readNpy, writeNpy } from "./data/npy.ts";
export { type RandomStream, randomStream } from "./data/random.ts";
export { type Evidence, evidence } from "./data/run/evidence.ts";
export { openRun } from "./data/run/open-run.ts";
export { NoSeriesError, pickSeries } from "./data/run/pick.ts";
export type { OpenedRun, RunSource, Series, Snapshot } from "./data/run/run.ts";
export { splitByHash, splitBySeed } from "./data/split.ts";
export {
  applyStandardisation,
  fitStandardisation,
  type Standardisation,
} from "./data/standardise.ts";
export { multisine, prbs, randomSteps, sineSweep } from "./data/systems/inputs.ts";
export {
  type ChainParameters,
  type DuffingParameters,
  duffing,
  springChain,
} from "./data/systems/oscillators.ts";
export { type PendulumParameters, pendulum, pendulumDefaults } from "./data/systems/pendulum.ts";
export {
  type PhysicalSystem,
  type SimulationOptions,
  simulateStates,
  simulateSystem,
} from "./data/systems/system.ts";
export {
  type CascadeParameters,
  cascadedTanks,
  type TwoTankParameters,
  twoTanks,
} from "./data/systems/tanks.ts";
export {
  type WienerHammersteinParameters,
  wienerHammerstein,
} from "./data/systems/wiener-hammerstein.ts";
export { openTensors } from "./data/tensors/open.ts";
export { chooseTensors, parameterTensors, type TensorChoice } from "./data/tensors/parameters.ts";
export { joinTensors } from "./data/tensors/shards.ts";
export type { TensorDType, TensorEntry, TensorFile } from "./data/tensors/tensor-file.ts";
export { checkpointNumbers } from "./data/tensors/torch.ts";
export { twoMoons } from "./data/two-moons.ts";
export { yinYang, yinYangBinary } from "./data/yin-yang.ts";
