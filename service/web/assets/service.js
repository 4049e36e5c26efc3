// Asks the service. What it answers is never kept by the browser.

export class Refused extends Error {
  constructor(status, message, wait) {
    super(message);
    this.status = status;
    this.wait = wait; // seconds after which to ask again; 0 if that is of no use
  }
}

// Posts a body and gives the answer's text. `progress` is called with the share that was sent.
export function post(path, body, { token = "", signal, progress } = {}) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    if (typeof body === "string") request.setRequestHeader("Content-Type", "application/yaml");
    if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.upload.onprogress = (event) =>
      event.lengthComputable && progress?.(event.loaded / event.total);
    request.upload.onload = () => progress?.(1);
    request.onload = () => {
      // With a failed gate (fail_on in a .podsplit.yaml) the report is there all the same.
      const isProblem = request.getResponseHeader("Content-Type")?.includes("problem+json");
      const isGate = request.getResponseHeader("Podsplit-Gate") === "failed" && !isProblem;
      if (request.status === 200 || isGate) done(request.responseText);
      else fail(refusal(request));
    };
    request.onerror = () => fail(new Refused(0, "the service can't be reached", 0));
    signal?.addEventListener("abort", () => request.abort());
    request.onabort = () => fail(new DOMException("asked anew", "AbortError"));
    request.send(body);
  });
}

function refusal(request) {
  let message = `the service answered ${request.status}`;
  try {
    message = JSON.parse(request.responseText).detail || message;
  } catch {
    // A proxy's own words are of no help.
  }
  const isBusy = request.status === 503 || request.status === 429;
  const wait = isBusy ? Number(request.getResponseHeader("Retry-After")) || 5 : 0;
  return new Refused(request.status, message, wait);
}
