"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const svg = byId("picture"), all = byId("all"), panel = byId("panel"), root = document.documentElement;
  const wires = [...all.querySelectorAll(".wire")];
  const views = [...all.querySelectorAll(".view")].map((group) => ({
    group, width: Number(group.dataset.width), height: Number(group.dataset.height),
    boxes: [...group.querySelectorAll(".box")],
  }));
  for (const one of views) one.byPath = new Map(one.boxes.map((box) => [box.dataset.p, box]));
  const last = views.at(-1); // the view that holds everything, and whose boxes open and close
  let current = last;
  const nets = new Map();
  for (const wire of wires) {
    const net = wire.dataset.n;
    if (!nets.has(net)) nets.set(net, []);
    nets.get(net).push(wire);
  }
  const levelOf = (box) => (box.dataset.p ? box.dataset.p.split(".").length : 0);
  const opens = (box) => box.querySelector(":scope > .lid") !== null;

  // -- moving and zooming ---------------------------------------------------------------------

  let view = { x: 0, y: 0, k: 1 }, fitted = true; // as long as nobody moved or zoomed
  const apply = (glide) => {
    all.classList.toggle("gliding", Boolean(glide));
    all.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
    all.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
    all.classList.toggle("far", view.k < 0.8);
  };
  const show = (x, y, w, h, glide = true) => {
    const room = svg.getBoundingClientRect();
    const k = Math.max(0.01, Math.min(2, 0.94 * Math.min(room.width / w, room.height / h)));
    view = { k, x: room.width / 2 - k * (x + w / 2), y: room.height / 2 - k * (y + h / 2) };
    fitted = false;
    apply(glide);
  };
  const fit = (glide) => {
    const room = svg.getBoundingClientRect();
    const { width, height } = current, k = 1.5; // no larger than that
    const w = Math.max(width, room.width / k), h = Math.max(height, room.height / k);
    show((width - w) / 2, (height - h) / 2, w, h, glide);
    fitted = true;
  };
  const zoom = (factor, cx, cy, glide) => {
    const room = svg.getBoundingClientRect();
    const x = (cx ?? room.left + room.width / 2) - room.left, y = (cy ?? room.top + room.height / 2) - room.top;
    const k = Math.max(0.01, Math.min(20, view.k * factor));
    view = { k, x: x - (x - view.x) * (k / view.k), y: y - (y - view.y) * (k / view.k) };
    fitted = false;
    apply(glide);
  };
  const move = (x, y) => {
    view.x += x;
    view.y += y;
    fitted = false;
    apply();
  };
  const showBox = (box) => {
    const frame = box.querySelector(":scope > rect");
    const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => Number(frame.getAttribute(name)));
    const pad = Math.max(60, Math.max(w, h) * 0.15);
    show(x - pad, y - pad, w + 2 * pad, h + 2 * pad);
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX, event.clientY);
  }, { passive: false });
  const fingers = new Map();
  let moved = false;
  svg.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event);
    moved = false;
  });
  svg.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
    if (!moved && fingers.size === 1 && Math.hypot(dx, dy) < 4) return;
    if (!moved) for (const id of fingers.keys()) svg.setPointerCapture(id);
    moved = true;
    svg.classList.add("moving");
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((one) => one.pointerId !== event.pointerId);
      const far = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      zoom(far(event) / Math.max(1, far(before)), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
    }
    move(dx / fingers.size, dy / fingers.size);
    fingers.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    svg.addEventListener(name, (event) => {
      fingers.delete(event.pointerId);
      if (!fingers.size) svg.classList.remove("moving");
    });
  }

  // -- opening and closing --------------------------------------------------------------------

  const setOpen = (box, open) => {
    if (!opens(box)) return;
    box.classList.toggle("closed", !open);
    box.setAttribute("aria-expanded", String(open));
  };
  const deepest = Math.max(1, ...last.boxes.map((box) => levelOf(box) + (opens(box) ? 1 : 0)));
  const depth = byId("depth");
  const setView = (one) => {
    current = one;
    for (const other of views) other.group.style.display = other === one ? "" : "none";
  };
  const say = (levels) => {
    depth.value = String(levels);
    byId("levels").textContent = `${levels} of ${deepest}`;
  };
  const setDepth = (levels) => { // a view of its own, laid out for what it shows
    say(levels);
    for (const box of last.boxes) setOpen(box, levelOf(box) < levels);
    setView(views[Math.min(levels, views.length) - 1]);
    fit(false);
  };
  const openHere = (box) => { // a box that a view has closed opens in the one that holds everything
    const inside = last.byPath.get(box.dataset.p);
    if (!inside || inside === box) return box;
    setView(last);
    reveal(inside);
    setOpen(inside, true);
    return inside;
  };
  depth.max = String(deepest);
  depth.disabled = deepest === 1;
  depth.addEventListener("input", () => setDepth(Number(depth.value)));
  const reveal = (box) => {
    for (let one = box.parentElement.closest(".box"); one; one = one.parentElement.closest(".box")) setOpen(one, true);
  };

  // -- reading --------------------------------------------------------------------------------

  let shown = null;
  const escapeHtml = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
  const typesOf = (wire) => { // of the ports at its ends, as their boxes tell them
    const around = wire.closest(".box"), lead = around.dataset.p ? `${around.dataset.p}.` : "";
    const lines = wire.dataset.a.split("\n").filter((line) => line.includes(" -> ")); // of all wires in it
    const ends = [...new Set(lines.flatMap((line) => line.split(" -> ")))].map((end) => end.replace(/\[[^\]]*\]/g, ""));
    return ends.filter((end) => /^[\p{L}\p{N}_.-]+$/u.test(end)).flatMap((end) => {
      const dot = end.lastIndexOf(".");
      const owner = dot < 0 ? around : current.byPath.get(lead + end.slice(0, dot));
      const kinds = ["in", "out", "share", "state"].map((kind) => `${kind} ${end.slice(dot + 1)}: `);
      const line = owner?.dataset.a.split("\n").find((one) => kinds.some((kind) => one.startsWith(kind)));
      return line ? [`${end}: ${line.slice(line.indexOf(": ") + 2)}`] : [];
    }).join("\n");
  };
  const sourceOf = (text) => { // the lines that a text names, and a few around them
    const rows = new Map(); // the name of a file → line → is it named?
    for (const word of text.split("\n")) {
      const where = /^(.+):(\d+)$/.exec(word);
      if (!where || !data.sources[where[1]]) continue;
      const at = Number(where[2]), known = rows.get(where[1]) ?? new Map();
      rows.set(where[1], known);
      for (let n = at - 2; n <= at + 4; n += 1) known.set(n, n === at || known.get(n) === true);
    }
    return [...rows].map(([name, known]) => {
      const lines = data.sources[name].split("\n"), seen = [...known.keys()].filter((n) => n > 0 && n <= lines.length);
      return seen.sort((one, other) => one - other).map((n, place) => {
        const row = `${String(n).padStart(4)}  ${escapeHtml(lines[n - 1])}`;
        return (place && seen[place - 1] < n - 1 ? "   …\n" : "") + (known.get(n) ? `<b>${row}</b>` : row);
      }).join("\n");
    }).join("\n\n");
  };
  const tell = (one) => {
    shown = one;
    const text = one.dataset.a ?? "", types = one.classList.contains("wire") ? typesOf(one) : "";
    byId("about").textContent = [text, types, valuesOf(one)].filter(Boolean).join("\n\n");
    byId("source").innerHTML = sourceOf(text);
    drawMatrix();
    panel.classList.add("shown");
  };
  const hide = () => {
    shown = null;
    panel.classList.remove("shown");
    for (const box of all.querySelectorAll(".at, .found")) box.classList.remove("at", "found");
  };
  byId("close").addEventListener("click", hide);
  const thing = (event) => event.target.closest(".wire, .node, .box");
  for (const wire of wires) { // a thin line is hard to hit
    const line = wire.querySelector(".line");
    if (line) {
      const hit = line.cloneNode();
      hit.setAttribute("class", "hit");
      wire.prepend(hit);
    }
  }
  const light = (wire) => {
    for (const one of all.querySelectorAll(".wire.on")) one.classList.remove("on");
    all.classList.toggle("lit", Boolean(wire));
    if (wire) for (const one of nets.get(wire.dataset.n)) one.classList.add("on");
  };
  all.addEventListener("pointerover", (event) => light(event.target.closest(".wire")));
  all.addEventListener("pointerleave", () => light(null));
  all.addEventListener("click", (event) => {
    if (moved) return;
    const one = thing(event);
    if (!one) return;
    for (const box of all.querySelectorAll(".at")) box.classList.remove("at");
    if (one.classList.contains("box")) one.classList.add("at");
    tell(one);
  });
  all.addEventListener("dblclick", (event) => {
    const box = event.target.closest(".box");
    if (!box) return;
    event.preventDefault();
    if (opens(box)) setOpen(box, box.classList.contains("closed"));
    showBox(box.classList.contains("shut") ? openHere(box) : box);
  });
  all.addEventListener("focusin", (event) => {
    if (event.target.classList.contains("box") && event.target.matches(":focus-visible")) tell(event.target);
  });

  // -- finding --------------------------------------------------------------------------------

  const find = byId("find"), found = byId("found");
  let hits = [], now = 0;
  const go = (wanted) => {
    const box = current.byPath.get(wanted.dataset.p) ?? wanted;
    if (box === wanted && current !== last) setView(last);
    reveal(box);
    for (const one of all.querySelectorAll(".found")) one.classList.remove("found");
    box.classList.add("found");
    showBox(box);
    tell(box);
    found.hidden = true;
  };
  const mark = () => [...found.children].forEach((item, at) => {
    item.classList.toggle("now", at === now);
    if (at === now) item.scrollIntoView({ block: "nearest" });
  });
  find.addEventListener("input", () => {
    const words = find.value.trim().toLowerCase();
    const starts = (box) => (box.dataset.p.split(".").at(-1).toLowerCase().startsWith(words) ? 0 : 1);
    hits = words ? last.boxes.filter((box) => box.dataset.p && (box.dataset.p + " " + box.dataset.a).toLowerCase().includes(words))
      .sort((one, other) => starts(one) - starts(other)).slice(0, 30) : [];
    now = 0;
    found.replaceChildren(...hits.map((box) => {
      const item = document.createElement("li"), note = document.createElement("small");
      const [head] = box.dataset.a.split("\n");
      item.textContent = box.dataset.p + " ";
      note.textContent = head.includes(": ") ? head.split(": ")[1] : "";
      item.append(note);
      item.addEventListener("click", () => go(box));
      return item;
    }));
    if (words && !hits.length) {
      const item = document.createElement("li");
      item.textContent = "nothing found";
      found.append(item);
    }
    found.hidden = !words;
    mark();
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      now = Math.max(0, Math.min(hits.length - 1, now + (event.key === "ArrowDown" ? 1 : -1)));
      mark();
    } else if (event.key === "Enter" && hits[now]) go(hits[now]);
    else if (event.key === "Escape") { found.hidden = true; find.blur(); }
    else return;
    event.preventDefault();
  });

  // -- a run, over time -----------------------------------------------------------------------

  const run = data.run, time = byId("time");
  const links = new Map(); // the number of a wire → weights
  const step = () => Number(time.value);
  const share = (weight, at) => weight.means[at] / (weight.most || 1);
  const bars = run ? [...all.querySelectorAll(".level")].map((bar) => [bar, bar.parentElement.dataset.p]) : [];
  if (run) {
    byId("player").hidden = false;
    time.max = String(Math.max(0, run.epochs.length - 1));
    time.value = time.max;
    for (const [wire, numbers] of Object.entries(run.links)) links.set(wire, numbers.map((number) => run.weights[number]));
    const curve = (name, values) => {
      const ok = values.filter((one) => one !== null), low = Math.min(...ok), high = Math.max(...ok);
      const x = (at) => 4 + (152 * at) / Math.max(1, values.length - 1);
      const y = (value) => 44 - (28 * (value - low)) / (high - low || 1);
      const line = values.map((value, at) => (value === null ? "" : `${at && values[at - 1] !== null ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`)).join("");
      const box = document.createElement("div");
      box.innerHTML = `<svg width="160" height="50" role="img"><text x="4" y="11"></text><path d="${line}"/><line y1="14" y2="48"/></svg>`;
      box.querySelector("text").dataset.name = name;
      return { box, values, x, name };
    };
    const curves = Object.entries(run.metrics).map(([name, values]) => curve(name, values));
    byId("curves").replaceChildren(...curves.map((one) => one.box));
    const paint = () => {
      const at = step();
      byId("epoch").textContent = String(run.epochs[at] ?? "");
      for (const one of curves) {
        const value = one.values[at];
        one.box.querySelector("text").textContent = `${one.name} ${value === null || value === undefined ? "" : Number(value.toPrecision(4))}`;
        const mark = one.box.querySelector("line");
        mark.setAttribute("x1", one.x(at));
        mark.setAttribute("x2", one.x(at));
      }
      for (const wire of wires) {
        const weights = weightsOf(wire);
        if (!weights.length) continue;
        const strength = share(strongestOf(weights, at), at);
        const [line, head, sign] = [".line", ".head", ".sign"].map((name) => wire.querySelector(name));
        const width = 0.6 + 4.4 * strength;
        line.style.strokeWidth = `${width.toFixed(2)}px`;
        line.style.vectorEffect = width > 2 ? "none" : ""; // from afar a thick line need not stay so thick
        wire.style.opacity = (0.25 + 0.75 * Math.min(1, strength)).toFixed(3);
        const signs = new Set(wire.dataset.w.split(" ").map((one) => {
          return links.has(one) ? Math.sign(strongestOf(links.get(one), at).signed[at] ?? 0) : 0;
        }));
        const mean = signs.size === 1 ? [...signs][0] : 0; // what all of its wires have
        const colour = mean > 0 ? "var(--positive)" : mean < 0 ? "var(--negative)" : "";
        line.style.stroke = colour;
        if (head) head.style.stroke = colour;
        if (head?.classList.contains("full")) head.style.fill = colour;
        if (sign) {
          sign.style.display = mean ? "" : "none";
          for (const part of sign.children) part.style.stroke = colour;
          sign.children[2].style.display = mean > 0 ? "" : "none";
        }
      }
      for (const [bar, path] of bars) {
        const [whole, part] = bar.children, value = run.active[path][at];
        bar.style.display = value === null ? "none" : "";
        part.setAttribute("width", Number(whole.getAttribute("width")) * Math.min(1, (value ?? 0) / (run.scale || 1)));
      }
      if (shown) tell(shown);
    };
    time.addEventListener("input", paint);
    let playing = 0;
    byId("play").addEventListener("click", () => {
      if (playing) { clearInterval(playing); playing = 0; }
      else {
        if (time.value === time.max) time.value = "0";
        playing = setInterval(() => {
          time.value = String(step() + 1);
          paint();
          if (time.value === time.max) byId("play").click();
        }, Math.max(40, Math.min(400, 8000 / (run.epochs.length || 1))));
      }
      byId("play").textContent = playing ? "Stop" : "Play";
    });
    requestAnimationFrame(paint);
  }
  function short(value) {
    return String(Number(value.toPrecision(4)));
  }
  function signOf(weight, at, wire) {
    return weight.signs.length && weight.signs[at][wire] === "-" ? -1 : 1;
  }
  function strongestOf(weights, at) {
    return weights.reduce((one, other) => (share(other, at) > share(one, at) ? other : one));
  }
  function weightsOf(one) {
    if (!run || !one.classList.contains("wire")) return [];
    return [...new Set(one.dataset.w.split(" ").flatMap((wire) => links.get(wire) ?? []))]; // of all wires in it
  }
  function valuesOf(one) {
    if (!run) return "";
    const lines = [];
    const at = step();
    for (const weight of weightsOf(one)) {
      const mean = weight.signed.length ? `, mean ${short(weight.signed[at])}` : "";
      lines.push(`${weight.name}, epoch ${run.epochs[at]}: mean strength ${short(weight.means[at])}${mean}`);
      const rows = weight.rows[at];
      if (rows.length <= 12) lines.push(rows.map((value, wire) => short(signOf(weight, at, wire) * value)).join("  "));
    }
    if (one.classList.contains("box") && run.active[one.dataset.p]) {
      const value = run.active[one.dataset.p][at];
      if (value !== null) lines.push(`activity, epoch ${run.epochs[at]}: ${short(value)}`);
    }
    if (one.dataset.p !== undefined) {
      const prefix = one.dataset.p ? `${one.dataset.p}.` : "";
      for (const [path, words] of Object.entries(run.states)) {
        const own = path.startsWith(prefix) && !path.slice(prefix.length).includes(".");
        if (path === one.dataset.p || (own && one.classList.contains("box"))) lines.push(`${path} = ${words}`);
      }
    }
    return lines.join("\n");
  }
  const shades = { // of a weight by its sign, on light and on dark ground
    0: [[180, 83, 9], [245, 167, 66]], 1: [[0, 100, 168], [108, 184, 247]], [-1]: [[196, 65, 0], [255, 141, 92]],
  };
  function drawMatrix() {
    const place = byId("matrix");
    place.replaceChildren();
    if (!shown) return;
    for (const weight of weightsOf(shown)) {
      if (weight.shape.length < 2) continue;
      const values = weight.rows[step()], rows = weight.shape[0], columns = values.length / rows;
      const canvas = document.createElement("canvas");
      canvas.width = columns;
      canvas.height = rows;
      canvas.style.height = `${Math.min(340, (340 * rows) / columns)}px`;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${weight.name}: the strength of each wire, blue where its sign is plus and orange where it is minus`);
      const pen = canvas.getContext("2d"), image = pen.createImageData(columns, rows);
      const most = weight.peak || 1, dark = root.dataset.theme === "dark";
      values.forEach((value, at) => {
        const part = Math.min(1, Math.abs(value) / most);
        const sign = weight.signs.length ? signOf(weight, step(), at) : 0;
        const shade = shades[sign][dark ? 1 : 0];
        const ground = dark ? [18, 24, 31] : [255, 255, 255];
        shade.forEach((colour, channel) => { image.data[4 * at + channel] = ground[channel] + part * (colour - ground[channel]); });
        image.data[4 * at + 3] = 255;
      });
      pen.putImageData(image, 0, 0);
      place.append(canvas);
    }
  }

  // -- keys and buttons -----------------------------------------------------------------------

  const themes = ["light", "dark", "print"];
  const nextTheme = () => {
    root.dataset.theme = themes[(Math.max(0, themes.indexOf(root.dataset.theme)) + 1) % 3];
    drawMatrix();
  };
  const help = () => {
    byId("keys").hidden = !byId("keys").hidden;
    byId("help").setAttribute("aria-expanded", String(!byId("keys").hidden));
  };
  const legend = byId("legend"), showKey = byId("key");
  const setLegend = (shown) => {
    if (!legend.children.length) return;
    legend.hidden = !shown;
    showKey.setAttribute("aria-expanded", String(shown));
    if (fitted) fit(false);
  };
  const toggleLegend = () => setLegend(legend.hidden);
  showKey.hidden = !legend.children.length;
  showKey.addEventListener("click", toggleLegend);
  byId("in").addEventListener("click", () => zoom(1.4, undefined, undefined, true));
  byId("out").addEventListener("click", () => zoom(1 / 1.4, undefined, undefined, true));
  byId("fit").addEventListener("click", () => fit(true));
  byId("theme").addEventListener("click", nextTheme);
  byId("help").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    const slides = event.target.matches("input[type=range]"); // it needs arrows, and nothing else that is here
    if (event.target.matches("input") && !(slides && !event.key.startsWith("Arrow"))) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = 60;
    const keys = {
      "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(true), t: nextTheme, l: toggleLegend, L: toggleLegend, "?": help,
      ArrowLeft: () => move(far, 0), ArrowRight: () => move(-far, 0), ArrowUp: () => move(0, far), ArrowDown: () => move(0, -far),
      "/": () => find.focus(), Escape: () => { hide(); byId("keys").hidden = true; },
    };
    const box = event.target.closest?.(".box");
    if (event.key === "Enter" && box) {
      if (box.classList.contains("shut") && current !== last) {
        const inside = openHere(box);
        showBox(inside);
        inside.focus();
      } else setOpen(box, box.classList.contains("closed"));
      tell(box);
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
  if (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches) root.dataset.theme = "dark";
  setDepth(Math.min(deepest, data.depth));
  setLegend(matchMedia("(min-width: 900px)").matches);
  addEventListener("resize", () => { if (fitted) fit(false); });
  if (data.reload) {
    const ask = async () => {
      try {
        const answer = await fetch(data.reload, { cache: "no-store" });
        if (answer.status === 200) location.reload();
        else setTimeout(ask, 100);
      } catch { setTimeout(ask, 1000); }
    };
    ask();
  }
  root.dataset.ready = "yes";
})();
