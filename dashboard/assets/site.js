// What every page does: theme, search, tables, CSV, charts. Names from outside are text: they are
// set with textContent or handed to Vega as data, never put together as HTML or code.
(function () {
  "use strict";

  const vega = document.currentScript.dataset.vega;
  const here = document.currentScript.src.replace(/assets\/site\.js.*$/, "");
  const hubtide = (window.hubtide = { views: {}, figures: {}, loaded: {} });

  // --- data files -------------------------------------------------------------------------------
  // file:// forbids fetch(): a data file is a script that hands its content over.
  const waiting = {};
  hubtide.data = function (name, content) {
    hubtide.loaded[name] = content;
  };
  hubtide.load = function (name, path) {
    if (!waiting[path]) {
      waiting[path] = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = here + path;
        script.onload = () => resolve(hubtide.loaded[name]);
        script.onerror = () => reject(new Error(path + " is not there"));
        document.head.append(script);
      });
    }
    return waiting[path];
  };

  // --- small things -----------------------------------------------------------------------------
  function element(tag, properties, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name.includes("-") || name === "role" || name === "scope") made.setAttribute(name, value);
      else made[name] = value;
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }
  hubtide.element = element;

  const REGIONS = {
    china: "China", us: "United States", eu: "EU", other: "Other regions", unknown: "Unknown",
  };
  hubtide.regions = REGIONS;

  function fragment(name) {
    return encodeURIComponent(name).replace(/%2F/g, "/");
  }
  hubtide.fragment = fragment;
  hubtide.link = function (kind, name) {
    const page = kind === "model" ? "model.html#" : "organisation.html#";
    return element("a", { href: page + fragment(name) }, element("bdi", { textContent: name }));
  };

  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2, minimumFractionDigits: 2 });
  const NUMERIC = new Set(["count", "number", "percent"]);

  function shown(value, kind) {
    if (value === null || value === undefined) return "missing";
    if (kind === "count") return whole.format(value);
    if (kind === "number") return Math.abs(value) >= 1e5 ? whole.format(value) : fine.format(value);
    if (kind === "percent") return (value * 100).toFixed(1) + " %";
    if (kind === "month") return String(value).slice(0, 7);
    if (kind === "bool") return value ? "yes" : "no";
    if (Array.isArray(value)) return value.join(", ");
    return String(value);
  }
  hubtide.shown = shown;

  const LONG = 32;

  function cell(value, kind, isFirst) {
    const made = element(isFirst ? "th" : "td", isFirst ? { scope: "row" } : {});
    if (NUMERIC.has(kind)) made.className = "number";
    else if (/^\d{4}-\d\d-\d\d/.test(value)) made.className = "day";
    else if (String(value).length > LONG) made.className = "long";
    if (value === null || value === undefined) {
      made.append(element("span", { className: "missing", textContent: "missing" }));
    } else if (kind === "model" || kind === "org") {
      made.append(hubtide.link(kind, value));
    } else if (kind === "region") {
      made.textContent = REGIONS[value] || value;
    } else {
      made.append(element("bdi", { textContent: shown(value, kind) }));
    }
    return made;
  }

  const FIRST_ROWS = 200;

  hubtide.table = function (data, caption) {
    const visible = data.columns.map((_, index) => index)
      .filter((index) => !(data.hide || []).includes(data.columns[index]));
    const head = element("tr");
    for (const index of visible) {
      const name = data.columns[index];
      head.append(element("th", {
        scope: "col", title: name, textContent: name.replace(/_/g, " "),
        className: NUMERIC.has(data.kinds[index]) ? "number" : "",
      }));
    }
    const rows = element("tbody");
    function add(from, to) {
      for (const row of data.rows.slice(from, to)) {
        rows.append(element("tr", {}, ...visible.map(
          (index, place) => cell(row[index], data.kinds[index], place === 0))));
      }
    }
    add(0, FIRST_ROWS);
    const table = element("table", {},
      element("caption", { className: "hidden", textContent: caption }),
      element("thead", {}, head), rows);
    const left = data.rows.length - FIRST_ROWS;
    if (left <= 0) return [table];
    const more = element("button", {
      type: "button", className: "more", textContent: "Show " + whole.format(left) + " more rows",
      onclick: () => { add(FIRST_ROWS, data.rows.length); more.remove(); },
    });
    return [table, more];
  };

  // --- CSV --------------------------------------------------------------------------------------
  // A text that a spreadsheet would take for a formula gets an apostrophe: names are not ours.
  function field(value) {
    if (value === null || value === undefined) return "";
    let text = Array.isArray(value) ? value.join("; ") : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }
  hubtide.csv = function (data) {
    const visible = data.columns.map((_, index) => index)
      .filter((index) => !(data.hide || []).includes(data.columns[index]));
    const lines = [visible.map((index) => field(data.columns[index]))];
    for (const row of data.rows) lines.push(visible.map((index) => field(row[index])));
    return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
  };
  hubtide.download = function (data, name) {
    const synthetic = document.body.dataset.kind === "synthetic" ? "SYNTHETIC-" : "";
    const blob = new Blob([hubtide.csv(data)], { type: "text/csv;charset=utf-8" });
    const link = element("a", {
      href: URL.createObjectURL(blob),
      download: synthetic + name + "-" + document.body.dataset.build + ".csv",
    });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  // --- charts -----------------------------------------------------------------------------------
  function isDark() {
    const chosen = document.documentElement.dataset.theme;
    if (chosen) return chosen === "dark";
    return matchMedia("(prefers-color-scheme: dark)").matches;
  }
  hubtide.isDark = isDark;

  let darkColours = {};

  function inTheme(spec) {
    let text = JSON.stringify(spec);
    if (isDark()) {
      for (const [light, dark] of Object.entries(darkColours)) {
        text = text.split('"' + light + '"').join('"' + dark + '"');
      }
    }
    return JSON.parse(text);
  }

  function config(width) {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    const font = getComputedStyle(document.body).fontFamily;
    const narrow = width < 480;
    return {
      font,
      background: "transparent",
      view: { stroke: null },
      aria: false,
      axis: {
        labelColor: value("--quiet"), titleColor: value("--quiet"), gridColor: value("--line"),
        domainColor: value("--line"), tickColor: value("--line"), labelFontSize: 12,
        titleFontSize: 12, titleFontWeight: "normal", labelLimit: narrow ? 130 : 360,
        labelPadding: 6,
      },
      axisY: { domain: false, ticks: false },
      legend: {
        labelColor: value("--ink"), titleColor: value("--quiet"), labelFontSize: 12,
        symbolType: "square", columns: narrow ? 3 : 8, labelLimit: 120,
      },
      text: { color: value("--ink") },
      bar: { stroke: value("--ground") },
      style: {
        "on-colour": { fill: isDark() ? "#10141a" : "#ffffff" },
        interval: { stroke: value("--ink") },
      },
    };
  }

  // Room for names at the ends of lines, and for names beside bars, shrinks with the screen.
  function fitted(spec, width) {
    const room = { name: "room", value: width < 480 ? 20 : width < 800 ? 30 : 46 };
    return { ...spec, params: [room, ...(spec.params || []).filter((p) => p.name !== "room")] };
  }

  hubtide.draw = async function (place, spec, rows, id) {
    await hubtide.load("vega", vega);
    const width = place.clientWidth;
    const drawn = fitted(inTheme(spec), width);
    drawn.datasets = { ...(drawn.datasets || {}), rows };
    drawn.description = place.getAttribute("aria-label");
    if (hubtide.views[id]) hubtide.views[id].finalize();
    const result = await window.vegaEmbed(place, drawn, {
      actions: false, renderer: "svg", ast: true, config: config(width),
      tooltip: { theme: isDark() ? "dark" : "light" },
    });
    hubtide.views[id] = result;
    for (const svg of place.querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
    place.classList.add("drawn");
  };

  function chosen(figure) {
    const data = figure.data;
    let rows = data.rows.map((row) => Object.fromEntries(
      data.columns.map((name, index) => [name, row[index]])));
    for (const select of figure.section.querySelectorAll("select[data-field]")) {
      rows = rows.filter((row) => String(row[select.dataset.field]) === select.value);
    }
    const pick = figure.section.querySelector("select[data-pick]");
    if (pick) {
      const option = data.pick[Number(pick.value)];
      rows = rows.map((row) => ({
        ...row, value: row[option.value],
        low: option.low ? row[option.low] : null, high: option.high ? row[option.high] : null,
      })).filter((row) => row.value !== null && row.value !== undefined);
      if (data.take) rows.sort((one, other) => other.value - one.value);
    }
    return data.take ? rows.slice(0, data.take) : rows;
  }

  async function show(figure) {
    const place = figure.section.querySelector(".chart");
    const rows = chosen(figure);
    if (!rows.length) {
      if (hubtide.views[figure.id]) hubtide.views[figure.id].finalize();
      place.replaceChildren(element("p", {
        className: "empty", textContent: "No row is known for this choice; the table has the rest.",
      }));
      return;
    }
    try {
      await hubtide.draw(place, figure.data.spec, rows, figure.id);
    } catch (error) {
      place.replaceChildren(element("p", {
        className: "empty", textContent: "The chart could not be drawn; its rows are in the table.",
      }));
      console.error(error);
    }
  }

  function prepare(section, seen) {
    const block = section.querySelector("script.data");
    if (!block) return;
    const figure = { id: section.id, section, data: JSON.parse(block.textContent) };
    hubtide.figures[section.id] = figure;
    const rows = section.querySelector("details.rows");
    if (rows) {
      const fill = () => {
        const place = rows.querySelector(".table");
        if (rows.open && !place.firstChild) {
          place.append(...hubtide.table(figure.data, section.querySelector("h2").textContent));
        }
      };
      rows.addEventListener("toggle", fill);
      fill();
    }
    const csv = section.querySelector("button.csv");
    if (csv) csv.addEventListener("click", () => hubtide.download(figure.data, section.id));
    if (!figure.data.spec) return;
    section.querySelector(".chart .waiting").textContent = "Drawing …";
    for (const select of section.querySelectorAll("select")) {
      select.addEventListener("change", () => show(figure));
    }
    seen.observe(section);
  }

  function prepareFigures() {
    const drawn = new Set();
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting && !drawn.has(entry.target.id)) {
          drawn.add(entry.target.id);
          show(hubtide.figures[entry.target.id]);
        }
      }
    }, { rootMargin: "400px" });
    for (const section of document.querySelectorAll("section.figure")) prepare(section, seen);
    // A page that makes its figures itself hands each one over.
    hubtide.prepare = (section) => { drawn.delete(section.id); prepare(section, seen); };
    hubtide.redraw = () => {
      for (const id of drawn) if (hubtide.figures[id]) show(hubtide.figures[id]);
    };
    hubtide.drawAll = () => Promise.all(
      Object.values(hubtide.figures).filter((figure) => figure.data.spec)
        .map((figure) => { drawn.add(figure.id); return show(figure); }));
  }
  // --- theme ------------------------------------------------------------------------------------
  function paintDots() {
    for (const dot of document.querySelectorAll("[data-colour]")) {
      const light = dot.dataset.colour;
      dot.style.background = (isDark() && darkColours[light]) || light;
    }
  }

  function prepareTheme() {
    const button = document.getElementById("theme");
    const tell = () => {
      button.setAttribute("aria-pressed", String(isDark()));
      paintDots();
    };
    button.addEventListener("click", () => {
      const next = isDark() ? "light" : "dark";
      document.documentElement.dataset.theme = next;
      try {
        localStorage.setItem("hubtide-theme", next);
      } catch (error) {
        // Without storage the choice holds for this page.
      }
      tell();
      hubtide.redraw();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      tell();
      hubtide.redraw();
    });
    tell();
  }

  // --- search -----------------------------------------------------------------------------------
  const SHOWN_RESULTS = 12;

  function found(index, words) {
    const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = [];
    for (const [name, kind] of index) {
      const low = name.toLowerCase();
      if (parts.every((part) => low.includes(part))) {
        const rank = low === words ? 0 : low.startsWith(words) ? 1 : low.includes("/" + words) ? 2 : 3;
        hits.push([rank + (kind === "org" ? 0 : 0.5), hits.length, name, kind]);
      }
    }
    hits.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
    return hits.slice(0, SHOWN_RESULTS);
  }

  function prepareSearch() {
    const input = document.getElementById("search");
    const list = document.getElementById("search-results");
    let active = -1;

    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function mark(next) {
      const options = list.querySelectorAll("[role=option]");
      if (!options.length) return;
      active = (next + options.length) % options.length;
      options.forEach((option, place) => option.setAttribute("aria-selected", place === active));
      input.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }
    function go(option) {
      location.href = option.dataset.target;
      close();
      input.value = "";
    }
    async function look() {
      const words = input.value.trim().toLowerCase();
      if (!words) return close();
      const index = await hubtide.load("search", "data/search.js");
      if (words !== input.value.trim().toLowerCase()) return undefined;
      const hits = found(index, words);
      list.replaceChildren(...hits.map(([, , name, kind], place) => element("li", {
        role: "option", id: "result-" + place, "aria-selected": "false",
        "data-target": (kind === "org" ? "organisation.html#" : "model.html#") + fragment(name),
        onmousedown: (event) => { event.preventDefault(); go(event.currentTarget); },
      }, element("bdi", { textContent: name }),
      element("span", { className: "quiet", textContent: kind === "org" ? " organisation" : "" }))));
      if (!hits.length) {
        list.append(element("li", {
          role: "option", "aria-disabled": "true", "aria-selected": "false", id: "result-none",
          textContent: "No tracked model or organisation has this name",
        }));
      }
      list.hidden = false;
      active = -1;
      input.setAttribute("aria-expanded", "true");
      return undefined;
    }
    input.addEventListener("focus", () => hubtide.load("search", "data/search.js"));
    input.addEventListener("input", look);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      else if (event.key === "ArrowDown") mark(active + 1);
      else if (event.key === "ArrowUp") mark(active - 1);
      else if (event.key === "Enter") {
        const options = list.querySelectorAll("[data-target]");
        if (options.length) go(options[Math.max(active, 0)]);
      } else return;
      if (event.key !== "Escape") event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
      if (event.key === "/" && !typing) {
        event.preventDefault();
        input.focus();
      }
    });
  }

  darkColours = JSON.parse(document.getElementById("dark-colours").textContent);
  prepareFigures();
  prepareTheme();
  prepareSearch();
  hubtide.ready = true;
  document.dispatchEvent(new Event("hubtide-ready"));
})();
