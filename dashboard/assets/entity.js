// The page of one model or organisation, named after # in the address.
(function () {
  "use strict";
  const { element, shown } = hubtide;
  const place = document.getElementById("entity");
  const outline = JSON.parse(document.getElementById("outline").textContent);
  const kind = place.dataset.kind;
  const prefix = kind === "model" ? "models-" : "organisations-";
  const what = kind === "model" ? "model" : "organisation";

  const LABELS = {
    is_available: "shown by the last complete read", org: "organisation", org_name: "name",
  };
  const PLAIN = new Set(["release_id", "commit"]);

  function fact(name, value) {
    if (value === null || value === undefined) {
      return element("dd", { className: "missing", textContent: "unknown" });
    }
    if (name === "org") return element("dd", {}, hubtide.link("org", value));
    if (name === "region") return element("dd", { textContent: hubtide.regions[value] || value });
    const type = typeof value === "number" && !PLAIN.has(name) ? "count"
      : typeof value === "boolean" ? "bool" : "text";
    return element("dd", {}, element("bdi", { textContent: shown(value, type) }));
  }

  function facts(values) {
    return element("dl", { className: "facts" }, ...outline.facts.map((name, index) =>
      element("div", {},
        element("dt", { textContent: LABELS[name] || name.replace(/_/g, " ") }),
        fact(name, values[index]))));
  }

  function section(definition, rows, name) {
    const made = document.getElementById("section").content.cloneNode(true).firstElementChild;
    made.id = definition.id;
    const title = made.querySelector("h2");
    title.id = definition.id + "-title";
    title.textContent = definition.title;
    made.setAttribute("aria-labelledby", title.id);
    made.querySelector(".subtitle").textContent = definition.subtitle;
    const known = (column) =>
      rows.filter((row) => row[definition.data.columns.indexOf(column)] > 0).length;
    const hasChart = definition.data.spec && known(definition.data.value) > 1;
    const spec = definition.data.beside && !known(definition.data.beside)
      ? definition.data.plain : definition.data.spec;
    const chart = made.querySelector(".chart");
    if (hasChart) {
      chart.setAttribute("aria-label",
        "Chart: " + definition.title + " of " + name + ". Its rows are in the table below.");
    } else chart.remove();
    const empty = made.querySelector(".empty");
    if (rows.length) empty.remove();
    else empty.textContent = definition.empty;
    const source = definition.source.startsWith("Source:")
      ? definition.source : "Source: " + definition.source + ".";
    made.querySelector(".meta").textContent = source
      + (source.includes("as of " + definition.as_of) ? "" : " As of " + definition.as_of + ".")
      + " Coverage: "
      + (rows.length === 1 ? "1 row." : rows.length.toLocaleString("en-US") + " rows.");
    made.querySelector("code").textContent = definition.query;
    const tables = made.querySelector(".tables");
    definition.tables.forEach((table, index) => tables.append(
      index ? ", " : "", element("a", { href: outline.tables + "#" + table, textContent: table })));
    const open = made.querySelector("details.rows");
    if (rows.length) {
      open.open = !hasChart;
      open.querySelector(".table").setAttribute("aria-label", "Rows: " + definition.title);
    } else {
      open.remove();
      made.querySelector("button.csv").remove();
    }
    made.querySelector("script.data").textContent = JSON.stringify({
      ...definition.data, rows, spec: hasChart ? spec : null,
      controls: [], pick: null, take: 0, hide: [],
    });
    return made;
  }

  function say(title, lead) {
    const heading = document.querySelector("h1");
    heading.replaceChildren(element("bdi", { textContent: title }));
    document.querySelector(".lead").textContent = lead;
    const synthetic = document.body.dataset.kind === "synthetic" ? "SYNTHETIC: " : "";
    document.title = synthetic + title + " · Hubtide";
  }

  async function show() {
    let name = "";
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch (error) {
      name = location.hash.slice(1);
    }
    if (name === "main") return;
    for (const definition of outline.sections) delete hubtide.figures[definition.id];
    place.replaceChildren();
    place.dataset.shown = "";
    if (!name) {
      say(kind === "model" ? "A model" : "An organisation",
        "Choose " + (kind === "model" ? "a model" : "an organisation") + " in the search above.");
      return;
    }
    const file = outline.files.findIndex((names) => names.includes(name));
    // The Hub takes a name in any case.
    const folded = name.toLowerCase();
    const known = file < 0 && outline.files.flat().find((one) => one.toLowerCase() === folded);
    if (known) {
      location.replace("#" + hubtide.fragment(known));
      return;
    }
    if (file < 0) {
      say(name, "No tracked " + what + " has this name in this build.");
      place.dataset.shown = name;
      return;
    }
    const records = await hubtide.load(prefix + file, "data/" + prefix + file + ".js");
    const [, lead, values, rows] = records.find((record) => record[0] === name);
    say(name, lead);
    place.append(facts(values));
    if (kind === "model") {
      place.append(element("p", {}, element("a", {
        href: "lineage.html#tree=" + encodeURIComponent(name), textContent: "Its family tree",
      })));
    }
    for (const definition of outline.sections) {
      const made = section(definition, rows[definition.id], name);
      place.append(made);
      hubtide.prepare(made);
    }
    place.dataset.shown = name;
  }

  window.addEventListener("hashchange", () => { show(); window.scrollTo(0, 0); });
  show();
})();
