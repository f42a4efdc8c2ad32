// Makes the server-drawn spectrum interactive: parts of the fit, zoom, pan and a cursor. The page is complete without it.
"use strict";
(() => {
  const figure = document.getElementById("spectrum");
  if (!figure) return;
  const svg = figure.querySelector("svg.spectrum");
  const tools = figure.querySelector(".tools");
  const reading = tools.querySelector(".reading");
  const { left, right, high, low } = Object.fromEntries(
    Object.entries(svg.dataset).map(([name, value]) => [name, Number(value)]));
  const zero = Number(figure.dataset.zero);
  const full = Number(figure.dataset.full);
  const whole = { high, low };
  let view = { ...whole };
  let cursor = null; // ppm

  const toX = (ppm) => left + (view.high - ppm) / (view.high - view.low) * (right - left);
  const toPpm = (x) => view.high - (x - left) / (right - left) * (view.high - view.low);

  // Curves are relative polylines "Mx,ylx,y…" on the abscissa of the whole range.
  const readCurve = (element) => {
    const steps = element.getAttribute("d").slice(1).split("l").map((step) => step.split(",").map(Number));
    let x = 0, y = 0;
    return steps.map(([dx, dy]) => [x += dx, y += dy]);
  };
  const labels = svg.querySelectorAll(".legend text");
  const curves = ["data", "fit", "baseline"].map((name, k) =>
    ({ label: labels[k].textContent, points: readCurve(svg.querySelector("path." + name)) }));
  const valueAt = (points, x) => {
    const after = points.findIndex((point) => point[0] >= x);
    if (after < 1) return null;
    const [x0, y0] = points[after - 1], [x1, y1] = points[after];
    const y = y0 + (y1 - y0) * (x1 === x0 ? 0 : (x - x0) / (x1 - x0));
    return (zero - y) / (zero - full) * 100;
  };

  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("stroke", "currentColor");
  line.setAttribute("stroke-dasharray", "2 2");
  line.setAttribute("visibility", "hidden");
  svg.append(line);

  const number = (value, digits) => value.toLocaleString(document.documentElement.lang,
    { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212");

  const draw = () => {
    const scale = (whole.high - whole.low) / (view.high - view.low);
    const shift = left - scale * (left + (whole.high - view.high) / (whole.high - whole.low) * (right - left));
    svg.querySelectorAll("g.zoom").forEach((group) => group.setAttribute("transform", `matrix(${scale} 0 0 1 ${shift} 0)`));
    svg.querySelectorAll("g.tick").forEach((tick) => {
      const ppm = Number(tick.dataset.ppm);
      tick.setAttribute("transform", `translate(${toX(ppm)})`);
      tick.setAttribute("visibility", ppm <= view.high && ppm >= view.low ? "visible" : "hidden");
    });
    const shown = cursor !== null && cursor <= view.high && cursor >= view.low;
    line.setAttribute("visibility", shown ? "visible" : "hidden");
    if (!shown) { reading.textContent = "\u00a0"; return; }
    line.setAttribute("d", `M${toX(cursor)},20V428`);
    const x = left + (whole.high - cursor) / (whole.high - whole.low) * (right - left);
    const values = curves.map(({ points, label }) => {
      const value = valueAt(points, x);
      return value === null ? "" : `${label} ${number(value, 1)} %`;
    });
    reading.textContent = [`${number(cursor, 3)} ppm`, ...values].filter(Boolean).join("   ");
  };

  const show = (newHigh, newLow) => {
    const width = Math.min(Math.max(newHigh - newLow, 0.1), whole.high - whole.low);
    const middle = Math.min(Math.max((newHigh + newLow) / 2, whole.low + width / 2), whole.high - width / 2);
    view = { high: middle + width / 2, low: middle - width / 2 };
    draw();
  };
  const zoom = (factor, around = cursor ?? (view.high + view.low) / 2) =>
    show(around + (view.high - around) * factor, around - (around - view.low) * factor);
  const actions = { in: () => zoom(0.6), out: () => zoom(1 / 0.6), reset: () => show(whole.high, whole.low) };
  const position = (event) => {
    const box = svg.getBoundingClientRect();
    return (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
  };

  tools.addEventListener("click", (event) => actions[event.target.dataset.do]?.());
  tools.addEventListener("change", (event) => {
    const part = svg.querySelector(`[data-component="${Number(event.target.value)}"]`);
    part.setAttribute("visibility", event.target.checked ? "visible" : "hidden");
  });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the page scrolls as everywhere else
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, toPpm(position(event)));
  }, { passive: false });
  let grabbed = null;
  svg.addEventListener("pointerdown", (event) => {
    grabbed = { x: position(event), view };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointerup", () => { grabbed = null; });
  svg.addEventListener("pointercancel", () => { grabbed = null; });
  svg.addEventListener("pointermove", (event) => {
    const x = position(event);
    if (grabbed) {
      const step = (x - grabbed.x) / (right - left) * (grabbed.view.high - grabbed.view.low);
      show(grabbed.view.high + step, grabbed.view.low + step);
    }
    cursor = x >= left && x <= right ? toPpm(x) : null;
    draw();
  });
  svg.addEventListener("pointerleave", () => { cursor = null; draw(); });
  svg.addEventListener("keydown", (event) => {
    const step = (view.high - view.low) / 200 * (event.shiftKey ? 10 : 1);
    const keys = {
      ArrowLeft: () => { cursor = Math.min((cursor ?? (view.high + view.low) / 2) + step, view.high); draw(); },
      ArrowRight: () => { cursor = Math.max((cursor ?? (view.high + view.low) / 2) - step, view.low); draw(); },
      "+": actions.in, "-": actions.out, 0: actions.reset,
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  svg.setAttribute("tabindex", "0");
  tools.hidden = false;
})();
