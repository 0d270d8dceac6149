/* Sends the file of a form in parts (tus 1.0): goes on after a cut, a pause or a reload. Without it the form does the same in one go. */
"use strict";
(() => {
  const form = document.querySelector("form[data-uploads]");
  const box = document.getElementById("sending");
  if (!form || !box || !window.XMLHttpRequest) return;
  const [bar, words, pause, stop] = ["bar", "words", "pause", "stop"].map((name) => document.getElementById("sending-" + name));
  const input = form.querySelector("input[type=file]");
  const SLICE = 32 * 1024 * 1024, TRIES = 12, LONGEST = 30000;
  const place = "udi-upload:" + form.dataset.uploads + ":" + (form.dataset.dataset || "");
  let job = null;

  const say = (name, values = {}) => {
    const text = box.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
    if (words.textContent !== text) words.textContent = text;
  };
  const saved = () => { try { return JSON.parse(localStorage.getItem(place)) || null; } catch { return null; } };
  const keep = (value) => { try { value ? localStorage.setItem(place, JSON.stringify(value)) : localStorage.removeItem(place); } catch { /* private window */ } };
  const mark = (file) => [file.name, file.size, file.lastModified].join("|");
  const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  const ask = (method, url, headers, body, onprogress) => new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries({ "Tus-Resumable": "1.0.0", Accept: "application/json", ...headers })) request.setRequestHeader(name, value);
    request.onload = () => done(request);
    request.onerror = request.onabort = request.ontimeout = () => failed(new Error("interrupted"));
    if (onprogress) request.upload.onprogress = onprogress;
    if (job) job.request = request;
    request.send(body || null);
  });

  const show = (sent, size) => {
    const percent = Math.floor((100 * sent) / size);
    bar.value = percent;
    bar.textContent = percent;
    if (percent % 10 === 0 || !words.textContent) say("sent", { percent });
  };

  const refused = (request) => {
    let problem = {};
    try { problem = JSON.parse(request.responseText); } catch { /* no words */ }
    const first = (problem.errors || [{}])[0];
    const error = new Error([problem.detail, problem.remedy, first.reason, first.remedy].filter(Boolean).join(" ") || box.dataset.stopped);
    error.final = request.status < 500 && ![408, 409, 423, 429, 460].includes(request.status);
    return error;
  };

  const begin = async (file) => {
    const metadata = { filename: file.name, ...(form.dataset.dataset ? { dataset: form.dataset.dataset } : {}) };
    const about = Object.entries(metadata).map(([name, value]) => name + " " + encode(value)).join(",");
    const answer = await ask("POST", form.dataset.uploads, { "Upload-Length": file.size, "Upload-Metadata": about, "Idempotency-Key": job.key });
    if (answer.status !== 201) throw refused(answer);
    job.url = answer.getResponseHeader("Location");
    keep({ url: job.url, mark: mark(file), name: file.name });
    return 0;
  };

  const reached = async (file) => {
    if (!job.url) return begin(file);
    const answer = await ask("HEAD", job.url);
    if (answer.status === 404 || answer.status === 410) {
      job.url = null;
      job.key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
      return begin(file);
    }
    if (answer.status !== 200) throw refused(answer);
    return Number(answer.getResponseHeader("Upload-Offset"));
  };

  const pass = async (file) => {
    let offset = await reached(file);
    while (offset < file.size) {
      show(offset, file.size);
      const from = offset;
      const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": from };
      const answer = await ask("PATCH", job.url, headers, file.slice(from, from + SLICE), (event) => show(from + event.loaded, file.size));
      if (answer.status !== 204) throw refused(answer);
      offset = Number(answer.getResponseHeader("Upload-Offset"));
      if (offset > from) job.tries = 0;
    }
    show(file.size, file.size);
  };

  const finish = async () => {
    say("read");
    for (;;) {
      const answer = await ask("GET", job.url);
      if (answer.status === 404 || answer.status === 410) keep(null);
      if (answer.status !== 200) throw refused(answer);
      const upload = JSON.parse(answer.responseText);
      if (upload.state === "assembling") bar.value = Math.floor((100 * upload.assembled) / upload.length);
      if (upload.state === "done") { keep(null); location.assign(upload.next); return; }
      if (upload.state === "failed") { keep(null); const error = new Error(upload.error + " " + upload.remedy); error.final = true; throw error; }
      await wait(1000);
    }
  };

  const run = async (file) => {
    const turn = (job.turn += 1), mine = () => job.turn === turn && !job.paused;
    box.hidden = false;
    pause.hidden = stop.hidden = false;
    pause.textContent = box.dataset.pause;
    while (mine()) {
      try {
        await pass(file);
        await finish();
        return;
      } catch (error) {
        if (!mine()) break;
        if (error.final) { words.textContent = error.message; form.hidden = false; pause.hidden = true; return; }
        job.tries += 1;
        if (job.tries > TRIES) { say("stopped"); job.paused = true; pause.textContent = box.dataset.on; return; }
        say("interrupted");
        await wait(Math.min(LONGEST, 500 * 2 ** job.tries));
      }
    }
    if (job.turn !== turn) return;
    say("paused");
    pause.textContent = box.dataset.on;
  };

  form.addEventListener("submit", (event) => {
    const file = input.files[0];
    if (!file || !file.size) return;
    event.preventDefault();
    const before = saved();
    const key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
    job = { url: before && before.mark === mark(file) ? before.url : null, key, tries: 0, turn: 0, paused: false, request: null };
    form.hidden = true;
    run(file);
  });
  pause.addEventListener("click", () => {
    if (!job) return;
    job.paused = !job.paused;
    if (job.paused) { if (job.request) job.request.abort(); } else { job.tries = 0; run(input.files[0]); }
  });
  stop.addEventListener("click", async () => {
    if (job) { job.paused = true; if (job.request) job.request.abort(); }
    const url = (job && job.url) || (saved() || {}).url;
    if (url) { try { await ask("DELETE", url); } catch { /* it goes by itself after a day */ } }
    keep(null);
    location.reload();
  });
  const before = saved();
  if (before) { box.hidden = false; pause.hidden = true; say("resumable", { name: before.name }); }
})();
