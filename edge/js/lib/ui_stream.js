// Assembles the UIMessage that a stream of UI-message chunks describes (the AI SDK's `toUIMessageStream()`), as the SDK's own
// readUIMessageStream does, without the SDK. One thing differs: the input of a tool that is still being written is only there
// once it is JSON.

/** Whether a value is a UI-message chunk. */
export function isChunk(value) {
  return typeof value === "object" && value !== null && typeof value.type === "string";
}

/** Adds chunks to a message, which it changes. Throws for chunks that belong to no part. */
export function assembler(message) {
  const { parts } = message;
  const prose = { text: new Map(), reasoning: new Map() };
  const inputs = new Map();

  const beginsStep = () => parts.findLastIndex(({ type }) => type === "step-start") + 1;
  const isTool = ({ type }) => type === "dynamic-tool" || type.startsWith("tool-");

  // The call of this step, or the last one of an earlier step.
  function callOf(id) {
    const call = parts.slice(beginsStep()).find((part) => isTool(part) && part.toolCallId === id) ??
      parts.findLast((part) => isTool(part) && part.toolCallId === id);
    if (!call) throw new Error(`the stream has no tool call ${id}`);
    return call;
  }

  // `changed` are the fields that every state of a call sets; a field that the chunk lacks is cleared.
  function setCall({ toolCallId, toolName, dynamic }, state, changed, call) {
    const isKind = (part) => (dynamic ? part.type === "dynamic-tool" : part.type.startsWith("tool-"));
    call ??= parts.slice(beginsStep()).find((part) => isKind(part) && part.toolCallId === toolCallId);
    if (!call) {
      call = dynamic ? { type: "dynamic-tool", toolName, toolCallId } : { type: `tool-${toolName}`, toolCallId };
      parts.push(call);
    }
    const { providerMetadata, title, toolMetadata, providerExecuted, ...more } = changed;
    if (dynamic) call.toolName = toolName;
    Object.assign(call, CLEARED, { state }, more);
    if (title !== undefined) call.title = title;
    if (toolMetadata !== undefined) call.toolMetadata = toolMetadata;
    call.providerExecuted = providerExecuted ?? call.providerExecuted;
    if (providerMetadata != null) call[state.startsWith("output-") ? "resultProviderMetadata" : "callProviderMetadata"] = providerMetadata;
  }

  function addProse(kind, phase, { id, delta, providerMetadata }) {
    if (phase === "start") {
      const part = { type: kind, ...(kind === "reasoning" ? { id } : {}), text: "", providerMetadata, state: "streaming" };
      prose[kind].set(id, part);
      parts.push(part);
      return;
    }
    const part = prose[kind].get(id);
    if (!part) throw new Error(`the stream has no ${kind} ${id}`);
    part.providerMetadata = providerMetadata ?? part.providerMetadata;
    if (phase === "delta") part.text += delta;
    else {
      part.state = "done";
      prose[kind].delete(id);
    }
  }

  function addMetadata(metadata) {
    if (metadata != null) message.metadata = message.metadata == null ? metadata : merged(message.metadata, metadata);
  }

  return function add(chunk) {
    const [kind, phase] = chunk.type.split("-");
    if (kind === "text" || kind === "reasoning") return addProse(kind, phase, chunk);
    if (kind === "data") return addData(parts, chunk);
    switch (chunk.type) {
      case "start":
        message.id = chunk.messageId ?? message.id;
        return addMetadata(chunk.messageMetadata);
      case "finish":
      case "message-metadata":
        return addMetadata(chunk.messageMetadata);
      case "start-step":
        return void parts.push({ type: "step-start" });
      case "finish-step":
        prose.text.clear();
        return prose.reasoning.clear();
      case "file":
      case "source-url":
      case "source-document":
        return void parts.push({ ...chunk });
      case "tool-input-start": {
        const { type: _, ...call } = chunk;
        inputs.set(call.toolCallId, { ...call, text: "" });
        return setCall(call, "input-streaming", pick(call, "inputEncoding", "providerExecuted", "title", "toolMetadata", "providerMetadata"));
      }
      case "tool-input-delta": {
        const input = inputs.get(chunk.toolCallId);
        if (!input) throw new Error(`the stream has no tool call ${chunk.toolCallId}`);
        input.text += chunk.inputTextDelta;
        const read = input.inputEncoding === "text" ? input.text : parsed(input.text);
        return setCall(input, "input-streaming", { input: read, rawInput: input.text, ...pick(input, "inputEncoding", "title", "toolMetadata") });
      }
      case "tool-input-available":
        return setCall(chunk, "input-available", pick(chunk, "input", "providerExecuted", "title", "toolMetadata", "providerMetadata"));
      case "tool-input-error": {
        const known = parts.slice(beginsStep()).find((part) => isTool(part) && part.toolCallId === chunk.toolCallId);
        const dynamic = known ? known.type === "dynamic-tool" : Boolean(chunk.dynamic);
        const input = dynamic ? { input: chunk.input } : { rawInput: chunk.input };
        return setCall({ ...chunk, dynamic }, "output-error", { ...input, ...pick(chunk, "errorText", "providerExecuted", "toolMetadata", "providerMetadata") });
      }
      case "tool-approval-request": {
        const asked = { id: chunk.approvalId };
        if (chunk.approvalDescriptor != null) asked.descriptor = chunk.approvalDescriptor;
        if ("inputSchemaInput" in chunk) asked.inputSchemaInput = chunk.inputSchemaInput;
        if (chunk.signature != null) asked.signature = chunk.signature;
        return void Object.assign(callOf(chunk.toolCallId), { state: "approval-requested", approval: asked });
      }
      case "tool-output-denied":
        return void (callOf(chunk.toolCallId).state = "output-denied");
      case "tool-output-available":
      case "tool-output-error": {
        const call = callOf(chunk.toolCallId);
        const dynamic = call.type === "dynamic-tool";
        const isError = chunk.type === "tool-output-error";
        const input = { input: call.input, ...(isError && !dynamic ? { rawInput: call.rawInput } : {}) };
        const more = pick(chunk, "output", "errorText", "preliminary", "providerExecuted", "providerMetadata", "toolMetadata");
        const which = { toolCallId: chunk.toolCallId, toolName: dynamic ? call.toolName : call.type.slice("tool-".length), dynamic };
        return setCall(which, isError ? "output-error" : "output-available", { ...input, ...more }, call);
      }
    }
  };
}

const CLEARED = { input: undefined, output: undefined, errorText: undefined, rawInput: undefined, inputEncoding: undefined, preliminary: undefined };

const pick = (from, ...keys) => Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));

function addData(parts, chunk) {
  if (chunk.transient) return;
  const known = chunk.id != null && parts.find(({ type, id }) => type === chunk.type && id === chunk.id);
  if (known) known.data = chunk.data;
  else parts.push({ ...chunk });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isPlain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// Deep, as the SDK merges metadata.
function merged(base, more) {
  if (!isPlain(base) || !isPlain(more)) return more;
  const all = { ...base };
  for (const [key, value] of Object.entries(more)) {
    if (value === undefined || key === "__proto__" || key === "constructor" || key === "prototype") continue;
    all[key] = isPlain(value) && isPlain(base[key]) ? merged(base[key], value) : value;
  }
  return all;
}

/** Reads UI-message chunks from the bytes of server-sent events, as toUIMessageStreamResponse() writes them. */
export function eventReader() {
  const decoder = new TextDecoder();
  let rest = "";
  return function read(bytes) {
    rest += bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    // The event is complete at its empty line.
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop();
    return events.flatMap((event) => {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).replace(/^ /, "")).join("\n");
      return data === "" || data === "[DONE]" ? [] : [JSON.parse(data)];
    });
  };
}
