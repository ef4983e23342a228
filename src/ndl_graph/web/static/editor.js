// The query editor: YASGUI's editor and results table, with our prefixes, terms, examples and errors.
// Without this script the form on the page sends the query as it is.
"use strict";
(() => {
  if (typeof Yasqe === "undefined") return;
  const find = (id) => document.getElementById(id);
  const plain = find("query");
  const editor = find("editor");
  const base = editor.dataset.base;
  const escaped = (text) => String(text).replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
  const words = (items) => items.map((item) => item.trim()).filter(Boolean);
  const terms = fetch("/api/sparql-terms").then((answer) => answer.json());

  let wellKnown = {};
  terms.then(({ prefixes }) => {
    wellKnown = prefixes;
    // What is added where a query does not declare it is no error: what was marked before that was known is read again.
    window.knownPrefixes = prefixes;
    const at = yasqe.getCursor();
    yasqe.setValue(yasqe.getValue());
    yasqe.setCursor(at);
  });

  const completed = (kind) => async (_, token) => {
    const { prefixes, [kind]: known } = await terms;
    const typed = token?.autocompletionString || "";
    const [, prefix, local] = /^([\w.-]*):(.*)$/.exec(typed) || [];
    // A well-known prefix may be used without being declared.
    const start = (token?.tokenPrefixUri ? typed : prefixes[prefix] && prefixes[prefix] + local)?.toLowerCase();
    const asked = typed.toLowerCase();
    return known
      .filter(({ iri, label }) => start
        ? iri.toLowerCase().startsWith(start)
        : iri.toLowerCase().includes(asked) || label.toLowerCase().includes(asked))
      .slice(0, 50).map(({ iri }) => iri);
  };
  const shortened = (yasqe, _, iri) => {
    for (const [prefix, namespace] of Object.entries({ ...wellKnown, ...yasqe.getPrefixesFromQuery() })) {
      const local = iri.slice(namespace.length);
      if (iri.startsWith(namespace) && /^[\w-]+$/.test(local)) return `${prefix}:${local}`;
    }
    return `<${iri}>`;
  };
  Yasqe.forkAutocompleter("prefixes", {
    name: "ourPrefixes",
    persistenceId: null,
    get: async () => Object.entries((await terms).prefixes).map(([prefix, iri]) => `${prefix}: <${iri}>`),
  });
  for (const [from, name, kind] of [["class", "ourClasses", "classes"], ["property", "ourProperties", "properties"]]) {
    Yasqe.forkAutocompleter(from, { name, autoShow: true, get: completed(kind), postProcessSuggestion: shortened });
  }
  Yasqe.defaults.autocompleters = ["variables", "ourPrefixes", "ourClasses", "ourProperties"];

  const explained = (problem) => {
    const box = document.createElement("div");
    box.className = "problem";
    const add = (name, text) => {
      const part = document.createElement(name);
      part.textContent = text;
      box.append(part);
    };
    add("p", problem.line ? `Line ${problem.line}, column ${problem.column}: ${problem.detail}` : problem.detail);
    if (problem.hint) add("pre", problem.hint);
    for (const hint of problem.hints || []) add("p", hint);
    if (problem.line) {
      const go = document.createElement("button");
      go.type = "button";
      go.className = "secondary";
      go.textContent = "Go to that place";
      go.addEventListener("click", () => {
        yasqe.focus();
        yasqe.setCursor({ line: problem.line - 1, ch: (problem.column || 1) - 1 });
      });
      box.append(go);
    }
    return box;
  };
  // What shows results is larger than the editor: it is fetched with the first of them.
  const fetched = (name, address) => new Promise((done, failed) => {
    const part = document.createElement(name);
    part.addEventListener("load", done);
    part.addEventListener("error", failed);
    if (name === "link") part.rel = "stylesheet";
    part[name === "link" ? "href" : "src"] = address;
    // Our own style comes last, so that it decides.
    document.querySelector("link[href$='/editor.css']").before(part);
  });
  const results = async () => {
    const { parts } = editor.dataset;
    await Promise.all([fetched("link", `${parts}.css`), fetched("script", `${parts}.js`)]);
    // Our own records lead to their pages here; other addresses leave in a new window.
    class Linked extends Yasr.plugins.table {
      constructor(...given) {
        super(...given);
        // Shortened addresses cannot be tapped on a narrow screen: ours wrap.
        this.persistentConfig.isEllipsed = false;
      }

      getUriLinkFromBinding(binding, prefixes) {
        const iri = binding.value;
        const known = Object.entries(prefixes || {}).find(([, namespace]) => iri.startsWith(namespace));
        const text = known ? `${known[0]}:${iri.slice(known[1].length)}` : iri;
        if (iri.startsWith(base)) return `<a class="iri" href="/${escaped(iri.slice(base.length))}">${escaped(text)}</a>`;
        if (!/^https?:/i.test(iri)) return `<span class="iri">${escaped(text)}</span>`;
        return `<a class="iri" href="${escaped(iri)}" target="_blank" rel="noopener noreferrer">${escaped(text)}</a>`;
      }
    }
    Yasr.registerPlugin("table", Linked);
    Yasr.defaults.errorRenderers = [async (error) => {
      try {
        const problem = JSON.parse(error.text);
        return typeof problem.detail === "string" ? explained(problem) : undefined;
      } catch {
        return undefined;
      }
    }];
    const yasr = new Yasr(find("yasr"), {
      persistenceId: null,
      prefixes: () => yasqe.getPrefixesFromQuery(),
      defaultPlugin: "table",
      pluginOrder: ["table", "response"],
      getDownloadFileName: () => "query-results",
    });
    yasr.documentationLink?.remove();
    yasr.resultsEl.setAttribute("aria-live", "polite");
    yasr.on("drawn", (drawn) => {
      drawn.rootEl.querySelector(".tableSizer")?.setAttribute("aria-label", "Rows on a page");
    });
    return yasr;
  };
  let shown;

  find("plain").querySelectorAll("textarea, label[for=query], #format, label[for=format], button").forEach((part) => {
    part.hidden = true;
  });
  editor.hidden = false;
  const fromLink = new URLSearchParams(location.hash.slice(1)).get("query");
  const yasqe = new Yasqe(find("yasqe"), {
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    showQueryButton: false,
    screenReaderLabel: "SPARQL query",
    lineWrapping: true,
    editorHeight: "auto",
    resizeable: false,
    extraKeys: { Tab: false, "Shift-Tab": false },
    value: fromLink || plain.value,
    requestConfig: {
      endpoint: new URL("/sparql", location.href).href,
      method: "POST",
      acceptHeaderSelect: "application/sparql-results+json",
      acceptHeaderGraph: "text/turtle",
    },
  });
  const told = find("told");
  const share = find("share");
  const linked = () => {
    share.href = `/sparql#${new URLSearchParams({ query: yasqe.getValue() })}`;
  };
  yasqe.on("change", linked);
  linked();
  const run = () => {
    told.textContent = "Asking …";
    shown ??= results();
    yasqe.query().catch(() => {});
  };
  find("run").addEventListener("click", run);
  yasqe.on("queryResponse", async (_, response, took) => {
    if (response?.name === "AbortError") return;
    const yasr = await shown.catch(() => null);
    if (!yasr) {
      shown = undefined;
      told.textContent = "The answer is here, but what shows it did not arrive. Run the query again.";
      return;
    }
    told.textContent = "";
    yasr.setResponse(response, took);
    const answer = await fetch(`/api/check-query?${new URLSearchParams({ query: yasqe.getValue() })}`);
    if (!answer.ok) return;
    const checked = await answer.json();
    const added = Object.keys(checked.added_prefixes);
    const empty = yasr.results?.getBindings?.()?.length === 0;
    told.textContent = words([
      added.length ? `Added for you: ${added.map((prefix) => `${prefix}:`).join(", ")}.` : "",
      ...(empty ? ["Nothing was found.", ...checked.hints] : []),
    ]).join(" ");
  });

  find("csv").addEventListener("click", async () => {
    const answer = await fetch("/sparql", {
      method: "POST",
      headers: { Accept: "text/csv", "Content-Type": "application/sparql-query" },
      body: yasqe.getValue(),
    });
    if (!answer.ok) {
      told.replaceChildren(explained(await answer.json()));
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "query-results.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });

  find("example").addEventListener("change", ({ target }) => {
    if (!target.value) return;
    yasqe.setValue(target.value);
    find("comment").textContent = target.selectedOptions[0].dataset.comment;
  });
  if (editor.dataset.run || fromLink) run();
})();
