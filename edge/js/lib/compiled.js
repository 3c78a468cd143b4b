// Loads the WASM module that the runtime has compiled.

import { load } from "./rules.js";
import module from "../wasm/rules.wasm";

load(module);
