"use strict";
// The page works without this: pictures, shares and lists are markup. The script chooses, searches and tells stories.
// Everything users wrote arrives as text (textContent, JSON), never as markup.
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /** An element with a class, a text or children. */
  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  };

  const parsed = new Map();
  const data = (id) => {
    if (!parsed.has(id)) {
      const block = document.getElementById(id);
      parsed.set(id, block ? JSON.parse(block.textContent) : null);
    }
    return parsed.get(id);
  };
  const machineData = (id) => data(`machine-data-${id}`);
  const caseData = (id) => data(`case-data-${id}`);

  const root = document.documentElement;
  root.classList.add("js");
  const story = $("#story");
  const cases = all(".case");
  const views = all(".view");
  const state = { machine: null, case: null, show: "", through: null };

  // Theme ---------------------------------------------------------------------------------------------------------

  const themes = ["system", "light", "dark"];
  const themeButton = $("#theme");
  const setTheme = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    themeButton.textContent = `Theme: ${theme}`;
    // A page from a file may not be allowed to remember anything.
    try { localStorage.setItem("rehearsal-theme", theme); } catch { /* then not */ }
  };
  let remembered = null;
  try { remembered = localStorage.getItem("rehearsal-theme"); } catch { /* then not */ }
  setTheme(themes.includes(remembered) ? remembered : "system");
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    const now = root.dataset.theme || "system";
    setTheme(themes[(themes.indexOf(now) + 1) % themes.length]);
  });

  // Pictures ------------------------------------------------------------------------------------------------------

  const pictures = new Map();
  /** The elements of a machine's picture by what they stand for. */
  const picture = (machine) => {
    if (!pictures.has(machine)) {
      const svg = $(`.view[data-machine="${machine}"] .graph svg`);
      const points = new Map();
      if (svg) for (const element of all("[data-point]", svg)) points.set(element.dataset.point, element);
      pictures.set(machine, { svg, points });
    }
    return pictures.get(machine);
  };
  /** What shows a coverage point: a retry's loop also shows that it is used up, a state its time limits. */
  const shownBy = (point) => point.replace(/#exhausted-/, "#retry-").replace(/#(timeout|heartbeat)$/, "");

  const light = (machine, path) => {
    const { svg, points } = picture(machine);
    if (!svg) return;
    svg.classList.toggle("has-path", path !== null);
    for (const element of points.values()) element.classList.remove("on-path");
    for (const point of path || []) points.get(shownBy(point))?.classList.add("on-path");
    // Beginnings and ends follow from the state they belong to.
    for (const element of all("[data-follows]", svg)) {
      const place = element.dataset.follows;
      const goesOn = (path || []).some((point) => point.startsWith(`${place}#`) && /#(next|rule|default|catch)/.test(point));
      const isEnd = element.classList.contains("edge");
      const follows = path !== null && points.get(place)?.classList.contains("on-path") && !(isEnd && goesOn);
      element.classList.toggle("on-path", Boolean(follows));
    }
  };

  /** The frame shows what is lit, or else where the machine begins, in the middle of its width. */
  const bring = (machine) => {
    const { svg } = picture(machine);
    const frame = svg?.closest(".graph");
    if (!frame) return;
    const outer = frame.getBoundingClientRect();
    const around = (elements) => {
      const boxes = elements.map((element) => element.getBoundingClientRect());
      return { left: Math.min(...boxes.map((box) => box.left)), right: Math.max(...boxes.map((box) => box.right)) };
    };
    // What does not fit is shown from where it begins.
    const lit = all(".on-path", svg);
    const whole = lit.length ? around(lit) : null;
    const begin = all(".start", svg).slice(0, 1);
    const shown = whole && whole.right - whole.left < outer.width ? whole : begin.length ? around(begin) : null;
    frame.scrollTop = 0;
    if (shown) frame.scrollLeft += (shown.left + shown.right) / 2 - (outer.left + outer.right) / 2;
  };

  let aimed = null;
  const aim = (machine, point) => {
    aimed?.classList.remove("aimed");
    aimed = point === null ? null : picture(machine).points.get(shownBy(point)) || null;
    if (!aimed) return;
    aimed.classList.add("aimed");
    // Only the picture's own frame scrolls: the page stays where the reader is.
    const frame = aimed.closest(".graph");
    const [box, outer] = [aimed.getBoundingClientRect(), frame.getBoundingClientRect()];
    if (box.top < outer.top || box.bottom > outer.bottom) frame.scrollTop += box.top - outer.top - outer.height / 3;
    if (box.left < outer.left || box.right > outer.right) frame.scrollLeft += box.left - outer.left - outer.width / 3;
  };

  for (const view of views) {
    const frame = $(".graph", view);
    if (!frame) continue;
    const svg = $("svg", frame);
    // A large machine is not made smaller than one can read.
    svg.style.minWidth = `${Math.round(Number(svg.getAttribute("width")) * 0.75)}px`;
    const button = $(".size", view);
    button.hidden = false;
    button.addEventListener("click", () => {
      const actual = frame.classList.toggle("actual");
      button.setAttribute("aria-pressed", String(actual));
      bring(Number(view.dataset.machine));
    });
    frame.addEventListener("click", (event) => {
      const element = event.target.closest("[data-point]");
      if (element) passThrough(Number(view.dataset.machine), element.dataset.point, title(element));
    });
  }
  const title = (element) => $("title", element)?.textContent.split("\n")[0] || element.dataset.point;

  // The list ------------------------------------------------------------------------------------------------------

  const pathOf = (machine, id) => {
    const { points, paths } = machineData(machine);
    return (paths[id] || []).map((index) => points[index]);
  };

  /** Show only scenarios that reach a point. */
  const passThrough = (machine, point, words) => {
    state.through = point === null ? null : { machine, point, words };
    const button = $("#through");
    button.hidden = !state.through;
    button.textContent = state.through ? `through ${words} ✕` : "";
    aim(machine ?? state.machine, point);
    filter();
  };
  $("#through").addEventListener("click", () => passThrough(null, null, ""));

  const filter = () => {
    const words = $("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const link of cases) {
      const text = `${$(".name", link).textContent} ${link.dataset.words} ${$(".note", link).textContent}`.toLowerCase();
      const found = words.every((word) => text.includes(word));
      const chosen = !state.show || link.classList.contains(state.show);
      const passes = !state.through || pathOf(state.through.machine, link.dataset.case).includes(state.through.point);
      link.parentElement.hidden = !(found && chosen && passes);
      if (!link.parentElement.hidden) count += 1;
    }
    const narrow = words.length > 0 || state.show || state.through;
    for (const group of all(".group")) {
      group.hidden = Boolean(narrow) && !all("li", group).some((item) => !item.hidden);
    }
    $("#shown").textContent = narrow ? `${count} of ${cases.length} shown` : "";
  };
  $("#search").addEventListener("input", filter);
  for (const chip of all(".chip[data-show]")) {
    chip.addEventListener("click", () => {
      state.show = chip.dataset.show;
      for (const other of all(".chip[data-show]")) other.setAttribute("aria-pressed", String(other === chip));
      filter();
    });
  }

  // Choosing ------------------------------------------------------------------------------------------------------

  const showMachine = (machine) => {
    state.machine = machine;
    for (const view of views) view.classList.toggle("shown", Number(view.dataset.machine) === machine);
    for (const view of views) view.hidden = Number(view.dataset.machine) !== machine;
    for (const link of all(".machine")) {
      if (Number(link.dataset.machine) === machine) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };

  const choose = (id) => {
    const chosen = id === null ? null : caseData(id);
    if (state.machine !== null) light(state.machine, null);
    aim(state.machine, null);
    state.case = chosen ? id : null;
    for (const link of cases) {
      if (chosen && link.dataset.case === String(id)) {
        link.setAttribute("aria-current", "true");
        link.scrollIntoView({ block: "nearest" });
      } else link.removeAttribute("aria-current");
    }
    story.hidden = !chosen;
    story.replaceChildren();
    for (const part of all(".missing")) part.hidden = false;
    for (const view of views) view.classList.remove("telling");
    if (!chosen) return;
    if (chosen.machine === null) {
      showMachine(null);
      $("main").append(story);
    } else {
      showMachine(chosen.machine);
      const right = $(".right", views.find((view) => Number(view.dataset.machine) === chosen.machine));
      $(".missing", right).hidden = true;
      right.parentElement.classList.add("telling");
      right.append(story);
      light(chosen.machine, pathOf(chosen.machine, id));
      bring(chosen.machine);
    }
    tell(chosen);
  };

  const first = views.length ? Number(views[0].dataset.machine) : null;
  const follow = () => {
    const [, what, id] = /^#(case|machine)-(\d+)$/.exec(location.hash) || [];
    const failed = location.hash ? null : $(".case.failed");
    if (what === "case" && caseData(id)) choose(Number(id));
    // Who opens the page wants to know what failed.
    else if (failed) choose(Number(failed.dataset.case));
    else {
      choose(null);
      showMachine(what === "machine" && views.some((view) => view.dataset.machine === id) ? Number(id) : first);
      if (state.machine !== null) bring(state.machine);
    }
  };
  addEventListener("hashchange", () => {
    follow();
    // Where the list is above the story, the reader wants to see what was chosen.
    if (state.case !== null && matchMedia("(max-width: 760px)").matches) story.scrollIntoView({ block: "start" });
  });
  for (const point of all(".point")) {
    point.addEventListener("click", () => {
      aim(Number(point.closest(".view").dataset.machine), point.dataset.point);
      if (matchMedia("(max-width: 1239px)").matches) aimed?.closest(".graph").scrollIntoView({ block: "nearest" });
    });
  }

  // A story -------------------------------------------------------------------------------------------------------

  const words = { passed: "passed", failed: "failed", notrun: "not run", unknown: "" };

  const tell = (chosen) => {
    const badge = words[chosen.result] ? make("span", `badge ${chosen.result}`, words[chosen.result]) : null;
    story.append(make("div", "title", make("h2", "", chosen.name), badge));
    const facts = [chosen.status, chosen.elapsed && `${chosen.elapsed} on the clock`];
    if (chosen.seed !== undefined) facts.push(`seed ${chosen.seed}`);
    const place = chosen.line ? `${chosen.file}:${chosen.line}` : chosen.file;
    story.append(make("p", "facts", facts.filter(Boolean).join(" · ")));
    story.append(make("p", "facts", place, " ", ...chosen.tags.map((tag) => make("span", "tag", tag))));
    if (chosen.result === "notrun") story.append(make("p", "hint", chosen.reason ? `ignored: ${chosen.reason}` : chosen.note));
    if (chosen.failure) story.append(failure(chosen.failure));
    for (const unused of chosen.unused || []) story.append(make("p", "hint", `unused: ${unused}`));
    if (chosen.again) story.append(again(chosen.again));
    if (!chosen.story) return;
    timeline(chosen.story, chosen.machine);
    callTable(chosen.story);
  };

  /** What differs are sentences, which may wrap; the evidence below them stands in columns, which may not. */
  const failure = (text) => {
    const box = make("div", "failure");
    for (const [i, part] of text.split(/\n\s*\n/).entries()) {
      const isSentence = i === 0 || /^\S.*$/.test(part);
      const before = box.lastChild;
      if (isSentence) box.append(make("p", "", part.trim()));
      else if (before?.tagName === "PRE") before.append(`\n\n${part}`);
      else box.append(make("pre", "", part));
    }
    return box;
  };

  const again = (command) => {
    const button = make("button", "copy", "Copy");
    button.type = "button";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
      }
    });
    const code = make("code", "", command);
    return make("div", "again", code, button);
  };

  /** Pixels of a pause: to scale as long as it is at most so many times the shortest, then broken. */
  const scaleOf = (rows) => {
    const shortest = Math.min(...rows.map((row) => row.gap).filter(Boolean));
    const [least, times] = [18, 7];
    return (gap) => ({ height: least * Math.min(gap / shortest, times), broken: gap > shortest * times });
  };

  const timeline = (told, machine) => {
    const step = Math.max(6, Math.min(18, 120 / told.lanes));
    const width = Math.round(step * (told.lanes - 1) + 24);
    const x = (lane) => Math.round(12 + lane * step);
    const list = make("ol", "rows");
    const scale = scaleOf(told.rows);
    const active = new Set();
    let before = null;
    const rail = (lanes, dashed) => {
      const element = make("div", "rail");
      element.setAttribute("aria-hidden", "true");
      element.style.width = `${width}px`;
      for (const lane of lanes) {
        const line = make("i", "lane");
        line.style.left = `${x(lane) - 1}px`;
        if (dashed) line.style.height = "100%";
        element.append(line);
      }
      return element;
    };
    for (const row of told.rows) {
      if (row.gap) {
        const { height, broken } = scale(row.gap);
        const why = row.why || (before?.type === "Wait" ? "wait" : "");
        const gap = make("li", "gap", rail(active, true));
        gap.style.height = `${Math.round(height)}px`;
        const sign = broken ? make("span", "break", "≈") : null;
        sign?.setAttribute("title", "not to scale");
        gap.append(make("div", "body", sign, make("span", "span", `${row.gapText}${why ? ` ${why}` : ""}`)));
        list.append(gap);
      }
      const begins = row.from !== undefined;
      active.add(row.lane);
      const element = rail(active, false);
      for (const [i, lane] of [...active].entries()) {
        if (lane !== row.lane) continue;
        const line = element.children[i];
        line.classList.toggle("begins", begins || (before === null && !row.ends));
        line.classList.toggle("ends", Boolean(row.ends) || row.kind === "end");
      }
      if (begins) {
        const link = make("i", "link");
        const [a, b] = [x(row.from), x(row.lane)].sort((p, q) => p - q);
        link.style.left = `${a}px`;
        link.style.width = `${b - a}px`;
        element.append(link);
      }
      if (row.mark || row.kind === "state") {
        const dot = make("i", `dot ${row.mark || ""}`, { good: "✓", bad: "✗" }[row.mark] || "");
        dot.style.left = `${x(row.lane) - 8}px`;
        element.append(dot);
      }
      if (row.ends) active.delete(row.lane);
      list.append(make("li", "", element, body(row, told, machine)));
      before = row;
    }
    const count = told.rows.filter((row) => row.kind === "state").length;
    story.append(make("h3", "", "What happened ", make("small", "", `${count === 1 ? "1 state" : `${count} states`} · open a row for input and output`)));
    story.append(list);
  };

  const said = { good: "succeeded: ", bad: "failed: ", open: "not ended: " };

  const body = (row, told, machine) => {
    const hasDetail = ["input", "output", "sent", "got", "cause", "assigned"].some((part) => row[part] !== undefined);
    const parts = [
      make("span", "at", row.at || ""),
      row.item ? make("span", "item", row.item) : null,
      said[row.mark] ? make("span", "sr", said[row.mark]) : null,
      row.name ? make("span", "name", row.name) : null,
      row.text ? make("span", "text", row.text) : null,
      row.error ? make("span", "error", row.error) : null,
      row.note ? make("span", "note", row.note) : null,
    ];
    const line = make(hasDetail ? "button" : "div", `row ${row.kind}`, ...parts);
    const holder = make("div", "body", line);
    if (!hasDetail) return holder;
    line.type = "button";
    line.setAttribute("aria-expanded", "false");
    line.addEventListener("click", () => {
      const open = line.getAttribute("aria-expanded") === "true";
      line.setAttribute("aria-expanded", String(!open));
      if (open) holder.lastChild.remove();
      else holder.append(detail(row, told));
      if (machine !== null && row.point) aim(machine, open ? null : row.point);
    });
    return holder;
  };

  const detail = (row, told) => {
    const box = make("div", "detail");
    const section = (heading, ...content) => box.append(make("h4", "", heading), ...content);
    const value = (index) => told.values[index];
    if (row.error) section("Error", make("div", "cause", row.cause ? `${row.error}\n${row.cause}` : row.error));
    if (row.input !== undefined && row.output !== undefined) {
      const [input, output] = [value(row.input), value(row.output)];
      const heading = row.input === row.output ? "Input and output, which is the same" : "Input → output";
      section(heading, row.input === row.output || cut(input) || cut(output) ? json(output) : diff(input.value, output.value));
    } else if (row.input !== undefined) section("Input", json(value(row.input)));
    else if (row.output !== undefined) section("Output", json(value(row.output)));
    for (const [name, index] of Object.entries(row.assigned || {})) section(`Assigned $${name}`, json(value(index)));
    if (row.sent !== undefined) section("Sent", json(value(row.sent)));
    if (row.got !== undefined) section("Came back", json(value(row.got)));
    return box;
  };

  const cut = (value) => value.cut !== undefined;
  const json = (value) =>
    make("div", "json", cut(value) ? `${value.cut}… (${value.bytes.toLocaleString("en")} bytes in all)` : JSON.stringify(value.value, null, 2));

  const brief = (value) => {
    const text = JSON.stringify(value);
    return text.length > 160 ? `${text.slice(0, 160)}…` : text;
  };
  const isNested = (value) => value !== null && typeof value === "object";
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  /** What changed from one value to the other, member by member. */
  const diff = (a, b) => {
    const box = make("div", "diff");
    const line = (kind, depth, text) => {
      const sign = { same: "  ", added: "+ ", removed: "− " }[kind];
      const element = make("div", kind, `${sign}${text}`);
      element.style.marginLeft = `${depth * 14}px`;
      if (kind !== "same") element.prepend(make("span", "sr", `${kind}: `));
      box.append(element);
    };
    const whole = (kind, depth, name, value) => {
      const lines = (isNested(value) ? JSON.stringify(value, null, 2) : JSON.stringify(value)).split("\n");
      const most = 14;
      if (lines.length <= most + 2) return line(kind, depth, `${name}${lines.join("\n")}`);
      line(kind, depth, `${name}${lines.slice(0, most).join("\n")}`);
      const element = box.lastChild;
      const rest = make("details", "", make("summary", "", `${lines.length - most} more lines`));
      rest.append(make("div", "", lines.slice(most).join("\n")));
      element.append(rest);
    };
    const walk = (depth, name, a, b) => {
      if (same(a, b)) return line("same", depth, `${name}${brief(a)}`);
      const alike = isNested(a) && isNested(b) && Array.isArray(a) === Array.isArray(b);
      if (!alike) {
        whole("removed", depth, name, a);
        return whole("added", depth, name, b);
      }
      const isList = Array.isArray(a);
      line("same", depth, `${name}${isList ? "[" : "{"}`);
      const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
      let quiet = 0;
      const settle = () => {
        if (quiet > 0) line("same", depth + 1, `… ${quiet} the same`);
        quiet = 0;
      };
      for (const key of keys) {
        const label = isList ? `[${key}] ` : `${JSON.stringify(key)}: `;
        const [inA, inB] = [Object.hasOwn(a, key), Object.hasOwn(b, key)];
        // Many members that stay are not worth a line each.
        if (inA && inB && keys.length > 12 && same(a[key], b[key])) { quiet += 1; continue; }
        settle();
        if (inA && inB) walk(depth + 1, label, a[key], b[key]);
        else if (inA) whole("removed", depth + 1, label, a[key]);
        else whole("added", depth + 1, label, b[key]);
      }
      settle();
      line("same", depth, isList ? "]" : "}");
    };
    walk(0, "", a, b);
    return box;
  };

  const callTable = (told) => {
    if (told.children) {
      const counts = told.children.map((child) => `${child.count} ${child.status}`).join(", ");
      story.append(make("h3", "", "Other executions ", make("small", "", counts)));
    }
    if (!told.calls.length) return;
    const more = told.callCount > told.calls.length ? `the first ${told.calls.length} of ${told.callCount}` : `${told.callCount}`;
    story.append(make("h3", "", "Calls ", make("small", "", more)));
    const head = make("tr", "", ...["When", "State and service", "Answered by"].map((word) => make("th", "", word)));
    const table = make("table", "calls", make("thead", "", head));
    const rows = make("tbody");
    const addRow = (call) => {
      const parts = make("details", "", make("summary", "", call.what));
      // Long lists stay quick: what nobody opens is never made.
      parts.addEventListener("toggle", () => {
        if (!parts.open || parts.children.length > 1) return;
        parts.append(json(told.values[call.sent]));
        if (call.got !== undefined) parts.append(make("div", "hint", "came back"), json(told.values[call.got]));
      });
      const what = make("td", "", make("div", "", call.state), parts, call.error ? make("div", "error", call.error) : null);
      rows.append(make("tr", "", make("td", "at", call.at), what, make("td", "", call.by)));
    };
    const [few, most] = [20, 30];
    const shown = told.calls.length > most ? few : told.calls.length;
    told.calls.slice(0, shown).forEach(addRow);
    table.append(rows);
    story.append(table);
    if (shown === told.calls.length) return;
    const rest = make("button", "more", `Show ${told.calls.length - shown} more`);
    rest.type = "button";
    rest.addEventListener("click", () => {
      told.calls.slice(shown).forEach(addRow);
      rest.remove();
    });
    story.append(rest);
  };

  // Keys ----------------------------------------------------------------------------------------------------------

  const move = (elements, by) => {
    const shown = elements.filter((element) => element.offsetParent !== null);
    const at = shown.indexOf(document.activeElement);
    shown[Math.max(0, Math.min(shown.length - 1, at + by))]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = document.activeElement === $("#search");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      $("#search").focus();
    } else if (event.key === "Escape") {
      if (typing && $("#search").value) { $("#search").value = ""; filter(); }
      else if (state.through) passThrough(null, null, "");
      else if (state.case !== null) location.hash = `machine-${state.machine ?? first}`;
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const by = event.key === "ArrowDown" ? 1 : -1;
      const inRows = document.activeElement?.matches("button.row");
      const inList = document.activeElement?.matches(".case, .machine");
      if (!inRows && !inList && !(typing && by === 1)) return;
      event.preventDefault();
      move(inRows ? all("button.row") : all(".machine, .case"), typing ? 0 : by);
    }
  });

  follow();
})();
