// Parts of a ModelMessage of the AI SDK, as agents store them (`result.response.messages`), and what rows of role tool say, as
// parts of a UIMessage. There, a call and its result are one part, which moves through states.

/** Whether a part is one of a ModelMessage that has another form in a UIMessage. */
export function isModelPart(part) {
  return typeof part === "object" && part !== null && Boolean(MODEL_PARTS[part.type]?.(part));
}

const isOfCall = ({ toolCallId, state }) => typeof toolCallId === "string" && state === undefined;
const hasOptions = ({ providerOptions, providerMetadata }) => providerOptions !== undefined && providerMetadata === undefined;

const MODEL_PARTS = {
  __proto__: null,
  text: hasOptions,
  reasoning: hasOptions,
  file: ({ url, data }) => url === undefined && typeof data === "string",
  image: ({ url, image }) => url === undefined && typeof image === "string",
  "tool-call": (part) => isOfCall(part) && typeof part.toolName === "string",
  "tool-result": (part) => isOfCall(part) && typeof part.toolName === "string",
  "tool-approval-request": (part) => isOfCall(part) && typeof part.approvalId === "string",
};

/** The parts of a UIMessage for those of a ModelMessage. Results and questions for approval go to the calls among them. */
export function fromModelParts(parts) {
  const made = [];
  for (const part of parts) {
    const step = isModelPart(part) && stepOf(part);
    if (!step) made.push(isModelPart(part) ? uiPart(part) : part);
    else if (!takeStep(made, step)) made.push(step.alone);
  }
  return made;
}

function uiPart({ providerOptions, ...part }) {
  const metadata = (key) => (providerOptions === undefined ? {} : { [key]: providerOptions });
  switch (part.type) {
    case "tool-call": {
      const { toolName, ...call } = part;
      return { ...call, type: `tool-${toolName}`, state: "input-available", ...metadata("callProviderMetadata") };
    }
    case "file": {
      const { data, ...file } = part;
      return { ...file, url: urlOf(data, file.mediaType), ...metadata("providerMetadata") };
    }
    case "image": {
      const { image, mediaType = "image/*", ...file } = part;
      return { ...file, type: "file", mediaType, url: urlOf(image, mediaType), ...metadata("providerMetadata") };
    }
    default:
      return { ...part, ...metadata("providerMetadata") };
  }
}

const urlOf = (data, mediaType) => (/^[a-z][a-z0-9+.-]*:/i.test(data) ? data : `data:${mediaType};base64,${data}`);

/** What a row of role tool says, as steps for `takeStep`. */
export function stepsOfTool({ id, content, parts, metadata }) {
  if (parts) return parts.map((part) => stepOf(part) ?? { fits: () => false, alone: shown(part) });
  // A plain text, as the messages of OpenAI and LangChain are. The row's metadata name the call.
  const toolCallId = metadata?.tool_call_id ?? metadata?.toolCallId ?? id;
  const toolName = metadata?.name ?? metadata?.toolName ?? "tool";
  return [resultStep({ toolCallId: String(toolCallId), toolName: String(toolName), output: { type: "text", value: content } })];
}

const shown = (part) => (typeof part?.type === "string" ? part : { type: "data-tool", data: part });

/** Moves the newest part that a step fits. Returns false if it fits none. */
export function takeStep(parts, step) {
  const place = parts.findLastIndex((part) => typeof part === "object" && part !== null && step.fits(part));
  if (place >= 0) parts[place] = step.take(parts[place]);
  return place >= 0;
}

// A step has `fits`, which tells whether it is one of a part, `take`, which makes the part after it, and `alone`, the part that
// shows the step if its call is unknown.
function stepOf(part) {
  switch (part?.type) {
    case "tool-result":
      return isModelPart(part) ? resultStep(part) : undefined;
    case "tool-approval-request":
      return isModelPart(part) ? requestStep(part) : undefined;
    case "tool-approval-response":
      return responseStep(part);
    default:
      return undefined;
  }
}

const isOver = ({ state }) => state === "output-available" || state === "output-error" || state === "output-denied";

function resultStep({ toolCallId, toolName, output, result, isError, providerOptions }) {
  // Before version 5 of the SDK, the result had no type.
  const end = endOf(output ?? { type: isError ? "error-json" : "json", value: result }, toolCallId);
  if (providerOptions !== undefined) end.resultProviderMetadata = providerOptions;
  return {
    fits: (call) => call.toolCallId === toolCallId && !isOver(call),
    take: (call) => (call.approval?.approved === false ? { ...call, state: "output-denied" } : { ...call, ...end, ...denial(call, end) }),
    // The input is unknown. Providers ask for an object.
    alone: { type: "dynamic-tool", toolName, toolCallId, input: {}, ...end },
  };
}

function endOf(output, toolCallId) {
  switch (output.type) {
    case "text":
    case "json":
    case "content":
      return { state: "output-available", output: output.value };
    case "error-text":
      return { state: "output-error", errorText: output.value };
    case "error-json":
      return { state: "output-error", errorText: JSON.stringify(output.value) };
    case "execution-denied":
      return { state: "output-denied", approval: { id: toolCallId, approved: false, ...(output.reason === undefined ? {} : { reason: output.reason }) } };
    default:
      return { state: "output-available", output };
  }
}

// The question that was answered keeps its id.
const denial = (call, end) => (end.approval && call.approval ? { approval: { ...end.approval, ...call.approval, approved: false } } : {});

function requestStep({ type: _, toolCallId, approvalId, providerOptions: __, ...more }) {
  const asked = { state: "approval-requested", approval: { id: approvalId, ...more } };
  return {
    fits: (call) => call.toolCallId === toolCallId && !isOver(call),
    take: (call) => ({ ...call, ...asked }),
    alone: { type: "dynamic-tool", toolName: "tool", toolCallId, input: {}, ...asked },
  };
}

function responseStep(part) {
  const { approvalId, approved, reason } = part;
  return {
    fits: ({ state, approval }) => state === "approval-requested" && approval?.id === approvalId,
    take: (call) => ({ ...call, state: "approval-responded", approval: { ...call.approval, approved, ...(reason === undefined ? {} : { reason }) } }),
    alone: { type: "data-tool", data: part },
  };
}
