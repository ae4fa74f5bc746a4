// Shows /api/v1/status and asks again a second after each answer. What comes from the server goes
// into the page as text, never as markup.
"use strict";

const looks = {
  direct: "good", draining: "busy", buffering: "busy", paused: "busy", full: "bad", failed: "bad",
};
const units = ["B", "KiB", "MiB", "GiB", "TiB"];

const number = (value) => Math.round(value).toLocaleString("en");

function bytes(value) {
  let unit = 0;
  while (value >= 1024 && unit + 1 < units.length) { value /= 1024; unit += 1; }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 1) return "< 1 s";
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([length]) => seconds >= length);
  return parts.slice(first, first + 2)
    .map(([length, name], i) => [Math.floor((i ? seconds % parts[first][0] : seconds) / length), name])
    .filter(([count], i) => i === 0 || count > 0)
    .map(([count, name]) => `${count} ${name}`).join(" ");
}

function rate(value) {
  return `${value > 0 && value < 10 ? value.toFixed(1) : number(value)}/s`;
}

function put(card, selector, text) {
  card.querySelector(selector).textContent = text ?? "";
}

function showState(card, text, look) {
  const pill = card.querySelector(".state");
  pill.textContent = text;
  pill.className = `state ${look}`;
}

// An error of the past is told quietly.
function showLastError(card, text, past) {
  put(card, ".last-error", text ? `Last error: ${text}` : "");
  card.querySelector(".last-error").classList.toggle("now", !past);
}

function showTotals(card, totals) {
  put(card, "caption", `Since the route began${totals.exact ? "" : " (not exact after a crash)"}`);
  const rows = [
    ["accepted", number(totals.accepted)], ["of these, bytes", bytes(totals.accepted_bytes)],
    ["delivered", number(totals.delivered)], ["of these, out of the log", number(totals.replayed)],
    ["rejected", number(totals.rejected)], ["dead letters", number(totals.dead_lettered)],
    ["dropped", number(totals.dropped)],
  ];
  card.querySelector("tbody").replaceChildren(...rows.map(([name, value]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    const cell = document.createElement("td");
    head.scope = "row";
    head.textContent = name;
    cell.textContent = value;
    row.append(head, cell);
    return row;
  }));
}

function showRoute(card, route) {
  put(card, ".name", route.name);
  showState(card, route.state, looks[route.state] ?? "bad");
  const since = (Date.now() - Date.parse(route.since)) / 1000;
  put(card, ".reason", `for ${duration(Math.max(since, 0))}${route.reason ? `: ${route.reason}` : ""}`);
  card.querySelector("meter").value = route.capacity_bytes ? route.backlog_bytes / route.capacity_bytes : 0;
  put(card, ".backlog", `${number(route.backlog_messages)} messages wait, ` +
    `${bytes(route.backlog_bytes)} of ${bytes(route.capacity_bytes)}`);
  put(card, ".oldest", duration(route.oldest_age_seconds));
  put(card, ".in-flight", number(route.in_flight));
  put(card, ".accept-rate", rate(route.accept_rate));
  put(card, ".deliver-rate", rate(route.deliver_rate));
  put(card, ".eta", duration(route.eta_seconds));
  put(card, ".sink", `${route.sink} ${route.sink_up ? "up" : "down"}`);
  const problems = [];
  if (!route.ready) problems.push(`Refuses requests: ${route.ready_reason ?? "not ready"}`);
  if (route.log_damaged_bytes) problems.push(`${bytes(route.log_damaged_bytes)} of the log are damaged`);
  put(card, ".problem", problems.join(" · "));
  showLastError(card, route.last_error === route.reason ? null : route.last_error, route.sink_up);
  showTotals(card, route.totals);
}

function showSink(card, sink) {
  put(card, ".name", sink.name);
  showState(card, sink.up ? "up" : "down", sink.up ? "good" : "bad");
  const held = `${number(sink.held_messages)} messages in transit`;
  const where = sink.bootstrap ? ` · in this process, for trying out: kcat -b ${sink.bootstrap}` : "";
  put(card, ".kind", `${sink.type} · ${held}${where}`);
  showLastError(card, sink.last_error, sink.up);
}

// Keeps the cards that stand, so that nothing flickers and a selection stays.
function showAll(id, templateId, items, show) {
  const box = document.getElementById(id);
  const template = document.getElementById(templateId);
  while (box.children.length > items.length) box.lastElementChild.remove();
  while (box.children.length < items.length) box.append(template.content.cloneNode(true));
  items.forEach((item, i) => show(box.children[i], item));
}

function showNotice(id, text) {
  const notice = document.getElementById(id);
  notice.textContent = text;
  notice.hidden = text === "";
}

function showOrphans(orphans) {
  showNotice("orphans", orphans.map(({ name, directory, backlog_messages, dead_letter_messages, problem }) =>
    `Orphaned ${name}: ${problem ? `${directory} cannot be read: ${problem}` :
      `${number(backlog_messages)} messages and ${number(dead_letter_messages)} dead letters wait in ${directory}`}`)
    .join(" · "));
}

function showOffline(text) {
  showNotice("offline", text);
  document.body.classList.toggle("stale", text !== "");
}

let lastAnswer = null;

async function refresh() {
  try {
    const answer = await fetch("/api/v1/status", { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const status = await answer.json();
    const listen = status.listen.join(", ");
    put(document, "#about", `${status.version} · up ${duration(status.uptime_seconds)} · takes messages on ${listen}`);
    showAll("routes", "route", status.routes, showRoute);
    showAll("sinks", "sink", status.sinks, showSink);
    showOrphans(status.orphans);
    lastAnswer = new Date();
    showOffline("");
  } catch (error) {
    const since = lastAnswer ? `; the figures are of ${lastAnswer.toLocaleTimeString()}` : "";
    showOffline(`rebufd does not answer (${error.message})${since}`);
  }
  setTimeout(refresh, 1000);
}

refresh();
