// A model's family tree: what it is built on, and what is built on it. Data come when it is near.
(function () {
  "use strict";
  const { element } = hubtide;
  const section = document.getElementById("tree");
  const input = document.getElementById("tree-model");
  const names = document.getElementById("tree-names");
  const said = document.getElementById("tree-said");
  const SUGGESTED = 20;
  let data = null;

  async function ready() {
    if (data) return data;
    const found = await hubtide.load("lineage", "data/lineage.js");
    const numbers = new Map(found.names.map((name, number) => [name, number]));
    const below = new Map();
    const above = new Map();
    for (const edge of found.edges) {
      const [child, parent] = edge;
      if (!below.has(parent)) below.set(parent, []);
      if (!above.has(child)) above.set(child, []);
      below.get(parent).push(edge);
      above.get(child).push(edge);
    }
    data = { ...found, numbers, below, above };
    return data;
  }

  function label(number, edge) {
    const made = [hubtide.link("model", data.names[number])];
    const downloads = data.downloads[number];
    const parts = [];
    if (edge) parts.push(data.relations[edge[2]]);
    if (edge && data.statuses[edge[3]] !== "loaded") parts.push("base " + data.statuses[edge[3]].replace("_", " "));
    parts.push(downloads === null || downloads === undefined
      ? "downloads unknown" : Math.round(downloads).toLocaleString("en-US") + " downloads");
    made.push(element("span", { className: "quiet", textContent: " " + parts.join(", ") }));
    return made;
  }

  function branch(number, edge, path) {
    const children = data.below.get(number) || [];
    const item = element("li", {});
    const isCycle = path.includes(number);
    if (children.length && !isCycle) {
      const list = element("ul", { hidden: true });
      const button = element("button", {
        type: "button", className: "branch", "aria-expanded": "false",
        "aria-label": "What is built on " + data.names[number], textContent: "+",
        onclick: () => {
          if (!list.firstChild) fill(list, number, path);
          list.hidden = !list.hidden;
          button.setAttribute("aria-expanded", String(!list.hidden));
          button.textContent = list.hidden ? "+" : "−";
        },
      });
      item.append(button, ...label(number, edge), list);
      item.open = () => { if (list.hidden) button.click(); };
    } else {
      item.append(element("span", { className: "leaf" }), ...label(number, edge));
      if (isCycle) item.append(element("span", { className: "quiet", textContent: " (a cycle)" }));
    }
    return item;
  }

  function fill(list, number, path) {
    const children = data.below.get(number) || [];
    for (const edge of children) list.append(branch(edge[0], edge, [...path, number]));
    const more = (data.children[number] || children.length) - children.length;
    if (more > 0) {
      list.append(element("li", { className: "quiet", textContent: "and " + more.toLocaleString("en-US") + " more" }));
    }
  }

  function ancestors(number) {
    const seen = new Set([number]);
    const rows = [];
    let level = [number];
    while (level.length) {
      const next = [];
      for (const child of level) {
        for (const edge of data.above.get(child) || []) {
          if (!seen.has(edge[1])) {
            seen.add(edge[1]);
            next.push(edge[1]);
            rows.push(edge);
          }
        }
      }
      level = next;
    }
    return rows;
  }

  async function show(name) {
    await ready();
    const above = document.getElementById("tree-above");
    const below = document.getElementById("tree-below");
    above.replaceChildren();
    below.replaceChildren();
    input.value = name;
    section.dataset.shown = name;
    const number = data.numbers.get(name);
    if (number === undefined) {
      said.textContent = name
        ? "No edge from or to “" + name + "” is known around tracked models." : "";
      return;
    }
    const parents = ancestors(number);
    const children = (data.below.get(number) || []).length;
    said.textContent = (parents.length ? parents.length + " known above it, " : "A root: nothing is known above it; ")
      + (data.children[number] || children).toLocaleString("en-US") + " built directly on it.";
    if (parents.length) {
      above.append(element("h3", { textContent: "Built on" }), element("ul", { className: "tree-list" },
        ...parents.map((edge) => element("li", {}, ...label(edge[1], edge)))));
    }
    const root = branch(number, null, []);
    below.append(element("h3", { textContent: "What is built on it" }),
      element("ul", { className: "tree-list" }, root));
    if (root.open) root.open();
  }

  input.addEventListener("input", async () => {
    await ready();
    const words = input.value.toLowerCase();
    const hits = [];
    for (const name of data.names) {
      if (name.toLowerCase().includes(words)) hits.push(name);
      if (hits.length === SUGGESTED) break;
    }
    names.replaceChildren(...hits.map((name) => element("option", { value: name })));
  });
  input.addEventListener("change", () => show(input.value));
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") show(input.value); });
  document.getElementById("tree-show").addEventListener("click", () => show(input.value));

  function fromAddress() {
    const match = /^#tree=(.*)$/.exec(location.hash);
    if (!match) return "";
    try {
      return decodeURIComponent(match[1]);
    } catch (error) {
      return match[1];
    }
  }
  function follow() {
    const name = fromAddress();
    if (name) {
      show(name);
      section.scrollIntoView();
    }
    return name;
  }
  window.addEventListener("hashchange", follow);
  if (!follow()) {
    const near = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        near.disconnect();
        show(section.dataset.start);
      }
    }, { rootMargin: "300px" });
    near.observe(section);
  }
})();
