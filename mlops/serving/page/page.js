"use strict";
// Builds a form from the server's own description, asks, and shows the answer. Whatever comes from
// the server is set as text, never as markup.

const at = (id) => document.getElementById(id);
const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });
const show = (id, isShown = true) => { at(id).hidden = !isShown; };
const AGAIN_MS = 1000; // until a version is ready
let description = null;
let token = "";

const headers = (more = {}) => (token ? { ...more, Authorization: `Bearer ${token}` } : more);

async function begin() {
  let answer;
  try {
    answer = await fetch("openapi.json", { headers: headers() });
  } catch {
    return out("The server does not answer.");
  }
  if (answer.status === 401) return lock(token !== "");
  const told = await answer.json();
  if (!answer.ok) out(told.error.message);
  if (told.error?.code === "not-ready") setTimeout(begin, AGAIN_MS);
  if (!answer.ok) return;
  description = told;
  show("locked", false);
  show("out", false);
  head();
  fields();
  for (const id of ["try", "links"]) show(id);
  fill(rowOf().examples?.[0] ?? {});
}

function out(text) {
  at("out-problem").textContent = text;
  show("out");
}

function lock(wasWrong) {
  show("locked");
  show("lock-problem", wasWrong);
  at("lock-problem").textContent = "This token is another one.";
  at("token").focus();
}

const rowOf = () => description.components.schemas.Row;
const columns = () => Object.entries(rowOf().properties);
const typesOf = (column) => [column.type].flat();

function head() {
  const { title, version, summary, description: about } = description.info;
  document.title = `${title} · version ${version}`;
  at("title").textContent = title;
  at("summary").textContent = summary;
  const path = /`(\w+)`/.exec(about);
  at("facts").replaceChildren(
    made("span", `version ${version}`),
    made("span", `${columns().length} columns`),
    ...(path ? [made("span", `answered by: ${path[1]}`)] : []),
  );
  at("target").textContent = (/^Predicts (.+) \(/.exec(summary) ?? [, "Prediction"])[1];
}

function fields() {
  at("fields").replaceChildren(...columns().map(([name, column], place) => {
    const label = made("label", "");
    const kind = column["x-categories"] ? "" : column.anyOf ? "date" : typesOf(column)[0] === "number" ? "number" : "text";
    const line = made("span", "");
    line.append(made("b", name, { title: name }), made("i", kind));
    label.append(line, field(name, column, place));
    return label;
  }));
}

function field(name, column, place) {
  const more = { id: `field-${place}`, name, autocomplete: "off", spellcheck: false };
  const words = column["x-categories"];
  if (words && words.length <= 60) {
    const select = made("select", "", { id: more.id, name });
    select.append(made("option", "", { value: "" }), ...words.map((word) => made("option", word, { value: word })));
    return select;
  }
  const isNumber = typesOf(column)[0] === "number";
  const input = made("input", "", { ...more, type: "text", inputMode: isNumber ? "decimal" : "text" });
  input.placeholder = column.anyOf ? "2024-02-29" : "";
  return input;
}

function fill(row) {
  columns().forEach(([name], place) => {
    const value = row[name];
    const input = at(`field-${place}`);
    const text = value === undefined || value === null ? "" : String(value);
    if (input.tagName === "SELECT" && text && ![...input.options].some((each) => each.value === text)) {
      input.append(made("option", text, { value: text }));
    }
    input.value = text;
  });
  changed();
}

function row() {
  return Object.fromEntries(columns().map(([name, column], place) => {
    const text = at(`field-${place}`).value.trim();
    const number = Number(text);
    if (text === "") return [name, null];
    return [name, typesOf(column)[0] === "number" && Number.isFinite(number) ? number : text];
  }));
}

function changed() {
  const body = JSON.stringify({ rows: [row()] }).replaceAll("'", "'\\''");
  const secret = token ? ' \\\n  -H "Authorization: Bearer $TOKEN"' : "";
  const url = new URL("predict", location.href);
  at("shell").textContent = `curl ${url} \\\n  -H 'Content-Type: application/json'${secret} \\\n  -d '${body}'`;
  at("value").classList.add("stale");
}

async function ask(event) {
  event.preventDefault();
  at("ask").disabled = true;
  const began = performance.now();
  try {
    const answer = await fetch("predict", {
      method: "POST",
      headers: headers({ "Content-Type": "application/json" }),
      body: JSON.stringify({ rows: [row()] }),
    });
    const told = await answer.json();
    at("raw").textContent = JSON.stringify(told, null, 2);
    (answer.ok ? answered : refused)(told, performance.now() - began);
  } catch {
    refused({ error: { message: "The server does not answer.", problems: [] } }, 0);
  } finally {
    at("ask").disabled = false;
  }
}

function said() {
  show("hint", false);
  show("value");
  at("value").classList.remove("stale");
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const number = (value) => value.toLocaleString("en", { maximumSignificantDigits: 6 });

function answered(told, milliseconds) {
  blame([]);
  said();
  const value = told.predictions[0];
  at("value").textContent = typeof value === "number" && !told.classes ? number(value) : String(value ?? "–");
  const shares = (told.classes ?? []).map((name, place) => [name, told.probabilities?.[0]?.[place] ?? 0]);
  at("chances").replaceChildren(...shares.sort((a, b) => b[1] - a[1]).slice(0, 12).map(([name, share]) => {
    const line = made("div", "", { className: "chance" });
    line.append(made("span", String(name)), made("progress", "", { max: 1, value: share }), made("span", percent(share)));
    return line;
  }));
  at("warnings").replaceChildren(...told.warnings.map((text) => made("li", named(text))));
  at("stamp").textContent = `version ${told.version} · ${milliseconds.toFixed(1)} ms · ${told.request_id}`;
}

function refused(told) {
  const problems = told.error.problems.length ? told.error.problems : [told.error];
  said();
  at("value").textContent = "–";
  at("chances").replaceChildren();
  at("warnings").replaceChildren();
  at("stamp").textContent = told.request_id ?? "";
  blame(problems);
}

// There is one row here: what its column is says enough.
const named = (path) => (path ?? "").replace(/^rows\[\d+\]\.?/, "");

function blame(problems) {
  const wrong = new Set(problems.map((each) => named(each.path)));
  columns().forEach(([name], place) => at(`field-${place}`).setAttribute("aria-invalid", String(wrong.has(name))));
  at("problems").replaceChildren(...problems.map((each) => {
    const accepted = each.accepted ? ` Accepted: ${each.accepted}.` : "";
    return made("li", `${named(each.path) ? `${named(each.path)}: ` : ""}${each.message}${accepted}`);
  }));
}

at("form").addEventListener("submit", ask);
at("form").addEventListener("input", changed);
at("example").addEventListener("click", () => fill(rowOf().examples?.[0] ?? {}));
at("clear").addEventListener("click", () => fill({}));
at("copy").addEventListener("click", () => navigator.clipboard?.writeText(at("shell").textContent));
at("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  token = at("token").value.trim();
  begin();
});
begin();
