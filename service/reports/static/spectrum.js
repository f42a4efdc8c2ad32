// Makes the server-drawn spectrum interactive: curves, parts of the fit, box zoom, pan, cursor. The page is complete without it.
"use strict";
(() => {
  const figure = document.getElementById("spectrum");
  if (!figure) return;
  const svg = figure.querySelector("svg.spectrum");
  const tools = figure.querySelector(".tools");
  const reading = tools.querySelector(".reading");
  const { left, right, high, low, top, bottom } = Object.fromEntries(
    Object.entries(svg.dataset).map(([name, value]) => [name, Number(value)]));
  const zero = Number(figure.dataset.zero);
  const full = Number(figure.dataset.full);
  const whole = { high, low };
  const strip = svg.querySelector("g.zoom.strip");
  const main = svg.querySelector("g.zoom:not(.strip)");
  let view = { ...whole };
  let magnified = 1;
  let cursor = null; // ppm

  const toX = (ppm) => left + (view.high - ppm) / (view.high - view.low) * (right - left);
  const toPpm = (x) => view.high - (x - left) / (right - left) * (view.high - view.low);
  const wholeX = (ppm) => left + (whole.high - ppm) / (whole.high - whole.low) * (right - left);

  // Curves are relative polylines "Mx,ylx,y…" on the abscissa of the whole range.
  const readCurve = (element) => {
    const steps = element.getAttribute("d").slice(1).split("l").map((step) => step.split(",").map(Number));
    let x = 0, y = 0;
    return steps.map(([dx, dy]) => [x += dx, y += dy]);
  };
  const words = svg.querySelectorAll(".legend text");
  const curves = ["data", "fit", "baseline"].map((name, k) =>
    ({ label: words[k].textContent, points: readCurve(main.querySelector("path." + name)) }));
  const valueAt = (points, x) => {
    const after = points.findIndex((point) => point[0] >= x);
    if (after < 1) return null;
    const [x0, y0] = points[after - 1], [x1, y1] = points[after];
    const y = y0 + (y1 - y0) * (x1 === x0 ? 0 : (x - x0) / (x1 - x0));
    return (zero - y) / (zero - full) * 100;
  };

  const drawn = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    svg.append(element);
    return element;
  };
  const line = drawn("path", { stroke: "currentColor", "stroke-dasharray": "2 2", visibility: "hidden" });
  const number = (value, digits) => value.toLocaleString(document.documentElement.lang,
    { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212");

  // Label each shown part at its highest point in view, so that colour is not the only mark.
  const parts = new Map(); // checkbox value: { points, label }
  const drawPartNames = () => {
    const [first, last] = [wholeX(view.high), wholeX(view.low)];
    for (const { points, label } of parts.values()) {
      const inView = points.filter(([x]) => x >= first && x <= last);
      label.setAttribute("visibility", inView.length ? "visible" : "hidden");
      if (!inView.length) continue;
      const [x, y] = inView.reduce((best, point) => point[1] < best[1] ? point : best);
      const ppm = whole.high - (x - left) / (right - left) * (whole.high - whole.low);
      label.setAttribute("x", Math.min(Math.max(toX(ppm), left + 20), right - 20));
      label.setAttribute("y", Math.max(zero + (y - zero) * magnified - 5, top + 14));
    }
  };
  const showPart = (box, shown) => {
    box.checked = shown;
    const path = main.querySelector(`[data-component="${Number(box.value)}"]`);
    path.setAttribute("visibility", shown ? "visible" : "hidden");
    parts.get(box.value)?.label.remove();
    parts.delete(box.value);
    if (shown && path.getAttribute("d")) {
      const label = drawn("text", { "text-anchor": "middle", "font-weight": 700, fill: path.getAttribute("stroke"),
        stroke: "#ffffff", "stroke-width": 3, "paint-order": "stroke", "stroke-linejoin": "round" });
      label.textContent = box.parentElement.textContent;
      parts.set(box.value, { points: readCurve(path), label });
    }
  };

  const percents = [...svg.querySelectorAll("text.percent")].map((label) => [label, Number(label.dataset.percent)]);
  const drawMagnified = () => {
    const digits = magnified > 25 ? 1 : 0;
    for (const [label, percent] of percents) label.textContent = percent ? number(percent / magnified, digits) : "0";
    svg.querySelectorAll("g.tick text[font-weight]").forEach((name) =>
      name.setAttribute("visibility", magnified === 1 ? "inherit" : "hidden"));
  };

  const draw = () => {
    const scale = (whole.high - whole.low) / (view.high - view.low);
    const shift = left - scale * wholeX(view.high);
    const middle = Number(strip.dataset.middle);
    main.setAttribute("transform", `matrix(${scale} 0 0 ${magnified} ${shift} ${zero * (1 - magnified)})`);
    strip.setAttribute("transform", `matrix(${scale} 0 0 ${magnified} ${shift} ${middle * (1 - magnified)})`);
    svg.querySelectorAll("g.tick").forEach((tick) => {
      const ppm = Number(tick.dataset.ppm);
      tick.setAttribute("transform", `translate(${toX(ppm)})`);
      tick.setAttribute("visibility", ppm <= view.high && ppm >= view.low ? "visible" : "hidden");
    });
    drawPartNames();
    drawCursor();
  };
  const drawCursor = () => {
    const shown = cursor !== null && cursor <= view.high && cursor >= view.low;
    line.setAttribute("visibility", shown ? "visible" : "hidden");
    if (!shown) { reading.textContent = "\u00a0"; return; }
    line.setAttribute("d", `M${toX(cursor)},20V${bottom}`);
    const x = wholeX(cursor);
    const values = curves.map(({ points, label }) => {
      const value = valueAt(points, x);
      return value === null ? "" : `${label} ${number(value, 1)} %`;
    });
    reading.textContent = [`${number(cursor, 3)} ppm`, ...values].filter(Boolean).join("\u2003");
  };

  const show = (newHigh, newLow) => {
    const width = Math.min(Math.max(newHigh - newLow, 0.1), whole.high - whole.low);
    const middle = Math.min(Math.max((newHigh + newLow) / 2, whole.low + width / 2), whole.high - width / 2);
    view = { high: middle + width / 2, low: middle - width / 2 };
    draw();
  };
  const zoom = (factor, around = cursor ?? (view.high + view.low) / 2) =>
    show(around + (view.high - around) * factor, around - (around - view.low) * factor);
  const move = (part) => show(view.high + part * (view.high - view.low), view.low + part * (view.high - view.low));
  const magnify = (factor) => {
    magnified = Math.min(Math.max(magnified * factor, 1), 64);
    drawMagnified();
    draw();
  };
  const actions = {
    in: () => zoom(0.6), out: () => zoom(1 / 0.6), left: () => move(0.25), right: () => move(-0.25),
    taller: () => magnify(2), lower: () => magnify(0.5),
    reset: () => { magnify(1 / magnified); show(whole.high, whole.low); },
  };
  const position = (event) => {
    const frame = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / frame.width;
    return { x: (event.clientX - frame.left) * scale, y: (event.clientY - frame.top) * scale };
  };

  tools.addEventListener("click", (event) => actions[event.target.dataset.do]?.());
  tools.addEventListener("change", ({ target }) => {
    const shown = target.checked;
    if (target.dataset.curve) {
      svg.querySelector("path." + target.dataset.curve).setAttribute("visibility", shown ? "visible" : "hidden");
      return;
    }
    const values = target.dataset.all?.split(" ") ?? [target.value];
    for (const value of values) showPart(tools.querySelector(`input[value="${Number(value)}"]`), shown);
    drawPartNames();
  });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the page scrolls as everywhere else
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, toPpm(position(event).x));
  }, { passive: false });

  // Dragging draws a box that fills the panel on release; with Shift it moves the range.
  const box = drawn("rect", { class: "box", visibility: "hidden" });
  const within = ({ x, y }) => ({ x: Math.min(Math.max(x, left), right), y: Math.min(Math.max(y, top), bottom) });
  let grabbed = null;
  const release = () => {
    grabbed = null;
    box.setAttribute("visibility", "hidden");
    svg.classList.remove("moving");
  };
  const drawBox = (from, to) => {
    const sides = { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y),
      width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y) };
    for (const [key, value] of Object.entries(sides)) box.setAttribute(key, value);
    box.setAttribute("visibility", "visible");
  };
  const fill = (from, to) => {
    if (Math.abs(to.x - from.x) < 8) return; // a click
    const upper = Math.min(from.y, to.y);
    if (Math.abs(to.y - from.y) > 12 && upper < zero - 4) magnify((zero - top) / (zero - upper));
    show(toPpm(Math.min(from.x, to.x)), toPpm(Math.max(from.x, to.x)));
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    grabbed = { at: within(position(event)), view, moves: event.shiftKey };
    svg.setPointerCapture(event.pointerId);
    svg.classList.toggle("moving", event.shiftKey);
  });
  svg.addEventListener("pointerup", (event) => {
    if (grabbed && !grabbed.moves) fill(grabbed.at, within(position(event)));
    release();
  });
  svg.addEventListener("pointercancel", release);
  svg.addEventListener("pointermove", (event) => {
    const at = position(event);
    if (grabbed?.moves) {
      const step = (at.x - grabbed.at.x) / (right - left) * (grabbed.view.high - grabbed.view.low);
      show(grabbed.view.high + step, grabbed.view.low + step);
    } else if (grabbed) {
      drawBox(grabbed.at, within(at));
    }
    cursor = at.x >= left && at.x <= right ? toPpm(at.x) : null;
    drawCursor();
  });
  svg.addEventListener("pointerleave", () => { cursor = null; drawCursor(); });
  svg.addEventListener("keydown", (event) => {
    const step = (view.high - view.low) / 200 * (event.shiftKey ? 10 : 1);
    const keys = {
      ArrowLeft: () => { cursor = Math.min((cursor ?? (view.high + view.low) / 2) + step, view.high); drawCursor(); },
      ArrowRight: () => { cursor = Math.max((cursor ?? (view.high + view.low) / 2) - step, view.low); drawCursor(); },
      ArrowUp: actions.taller, ArrowDown: actions.lower, "+": actions.in, "-": actions.out, 0: actions.reset,
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  // a part of the stack shows itself in the spectrum, as its box does
  for (const part of document.querySelectorAll("svg.stack [data-part]")) {
    part.addEventListener("click", () => tools.querySelector(`input[value="${Number(part.dataset.part)}"]`).click());
  }
  svg.setAttribute("tabindex", "0");
  tools.hidden = false;
})();
