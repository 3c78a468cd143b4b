// Loads the module as the runtime compiled it.

import { load } from "./rules.js";
import module from "../wasm/rules.wasm";

load(module);
