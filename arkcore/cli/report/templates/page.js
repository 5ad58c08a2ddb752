"use strict";
(function () {
  var svg = document.getElementById("timeline"), view = svg.parentNode, axis = document.getElementById("axis");
  var note = document.getElementById("note"), filter = document.getElementById("filter");
  var bad = document.getElementById("bad"), hint = note.textContent;
  var left = 190, width = 1200 - left - 16;
  var first = +svg.dataset.began, last = Math.max(first + 1, +svg.dataset.ends);
  var from = first, to = last, wholeAxis = axis.innerHTML;
  var groups = Array.prototype.slice.call(svg.querySelectorAll("g.run"));
  var buttons = groups.filter(function (g) { return g.getAttribute("role") === "button"; });
  var rects = Array.prototype.slice.call(svg.querySelectorAll("rect[data-b]")).map(function (r) {
    return [r, +r.dataset.b, +r.dataset.e];
  });
  var arrows = Array.prototype.slice.call(svg.querySelectorAll("g.failover"));
  var paths = arrows.map(function (g) {
    return [g, +g.dataset.b, +g.dataset.e,
      Array.prototype.map.call(g.querySelectorAll("path"), function (p) { return p.getAttribute("d"); })];
  });
  var rows = Array.prototype.slice.call(document.querySelectorAll("#runs tbody tr"));
  var texts = null;
  function x(at) { return left + (at - from) / (to - from) * width; }
  function within(v) { return Math.max(left, Math.min(left + width, v)); }
  function two(n) { return (n < 10 ? "0" : "") + n; }
  function draw() {
    rects.forEach(function (each) {
      var a = within(x(each[1])), b = within(x(each[2]));
      var out = each[2] < from || each[1] > to;
      each[0].setAttribute("x", a.toFixed(1));
      each[0].setAttribute("width", out ? 0 : Math.max(2, b - a).toFixed(1));
    });
    paths.forEach(function (each) {
      var whole = from === first && to === last, ends = each[3][0].match(/M[-\d.]+ ([-\d.]+) L[-\d.]+ ([-\d.]+)/);
      var out = each[2] < from || each[1] > to, p = each[0].querySelectorAll("path");
      each[0].classList.toggle("off", out);
      p[0].setAttribute("d", whole ? each[3][0] : "M" + within(x(each[1])) + " " + ends[1] + " L" + within(x(each[2])) + " " + ends[2]);
      p[1].setAttribute("d", whole ? each[3][1] : each[3][1].replace(/^M[-\d.]+/, "M" + within(x(each[2]))));
    });
    if (from === first && to === last) { axis.innerHTML = wholeAxis; return; }
    var span = to - from, steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 604800];
    var step = steps.filter(function (s) { return span / s <= 8; })[0] || 2592000, out = "";
    var zone = +svg.dataset.zone;
    for (var at = Math.ceil((from + zone) / step) * step - zone; at <= to; at += step) {
      var d = new Date((at + zone) * 1000), px = x(at).toFixed(1), text = two(d.getUTCHours()) + ":" + two(d.getUTCMinutes());
      if (step < 60) text += ":" + two(d.getUTCSeconds());
      if (span > 86400) text = two(d.getUTCMonth() + 1) + "/" + two(d.getUTCDate()) + " " + text;
      out += '<line class="line" x1="' + px + '" x2="' + px + '" y1="28" y2="' + (svg.viewBox.baseVal.height - 8) + '"/>' +
        '<text class="tick" x="' + px + '" y="20" text-anchor="' + (px > 1140 ? "end" : "middle") + '">' + text + "</text>";
    }
    axis.innerHTML = out;
  }
  function zoom(by, center) {
    var span = Math.max(10, Math.min(last - first, (to - from) * by));
    var c = center === undefined ? (from + to) / 2 : center, share = (c - from) / (to - from);
    from = c - span * share; to = from + span; move(0);
  }
  function move(by) {
    var span = to - from;
    from = Math.max(first, Math.min(last - span, from + by * span)); to = from + span; draw();
  }
  function apply() {
    texts = texts || rows.map(function (row) { return row.textContent.toLowerCase(); });
    var words = filter.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row, i) {
      var fits = words.every(function (w) { return texts[i].indexOf(w) >= 0; }) &&
        (!bad.checked || row.classList.contains("failed") || row.classList.contains("near"));
      row.classList.toggle("off", !fits); shown += fits ? 1 : 0;
    });
    groups.forEach(function (g) {
      var fits = words.every(function (w) { return g.querySelector("title").textContent.toLowerCase().indexOf(w) >= 0; }) &&
        (!bad.checked || g.classList.contains("failed") || g.classList.contains("near"));
      g.classList.toggle("off", !fits);
    });
    if (!buttons.some(function (b) { return b.tabIndex === 0 && !b.classList.contains("off"); })) stop(seen()[0]);
    note.textContent = words.length || bad.checked ? shown + " / " + rows.length : hint;
  }
  function tell(g) { note.textContent = g.querySelector("title").textContent; }
  function open(g) {
    var row = document.getElementById("run-" + g.dataset.run);
    tell(g);
    if (!row) return;
    rows.forEach(function (each) { each.classList.remove("mark"); });
    row.classList.add("mark"); row.classList.remove("off");
    row.querySelector("details").open = true;
    row.scrollIntoView({ block: "center" });
    row.querySelector("summary").focus({ preventScroll: true });
  }
  function run(target) { return target.closest ? target.closest("g.run") : null; }
  svg.addEventListener("mouseover", function (e) { var g = run(e.target); if (g) tell(g); });
  svg.addEventListener("click", function (e) { var g = run(e.target); if (g) open(g); });
  // Not on the picture itself: a browser would make it a stop of Tab.
  view.addEventListener("focusin", function (e) { var g = run(e.target); if (g) tell(g); });
  // Tab comes to one bar, and arrows go on from there.
  function seen() { return buttons.filter(function (b) { return !b.classList.contains("off"); }); }
  function stop(g) { buttons.forEach(function (b) { b.setAttribute("tabindex", b === g ? "0" : "-1"); }); }
  stop(buttons[0]);
  svg.addEventListener("keydown", function (e) {
    var g = run(e.target); if (!g) return;
    if (e.key === "Enter" || e.key === " ") { e.preventDefault(); open(g); return; }
    var by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key]; if (!by) return;
    e.preventDefault();
    var all = seen(), next = all[(all.indexOf(g) + by + all.length) % all.length]; if (!next) return;
    g.setAttribute("tabindex", "-1"); next.setAttribute("tabindex", "0"); next.focus();
  });
  view.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "+" || e.key === "=") zoom(0.5);
    if (e.key === "-") zoom(2);
  });
  svg.addEventListener("wheel", function (e) {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    var box = svg.getBoundingClientRect(), px = (e.clientX - box.left) / box.width * 1200;
    zoom(e.deltaY > 0 ? 1.25 : 0.8, from + Math.max(0, Math.min(1, (px - left) / width)) * (to - from));
  }, { passive: false });
  document.getElementById("in").addEventListener("click", function () { zoom(0.5); });
  document.getElementById("out").addEventListener("click", function () { zoom(2); });
  document.getElementById("left").addEventListener("click", function () { move(-0.5); });
  document.getElementById("right").addEventListener("click", function () { move(0.5); });
  document.getElementById("all").addEventListener("click", function () { from = first; to = last; draw(); });
  // On a narrow screen the first failure is what is seen first.
  function reveal() {
    var g = svg.querySelector("g.run.failed"), room = view.scrollWidth - view.clientWidth;
    if (g && room > 0) {
      var at = g.getBoundingClientRect().left - view.getBoundingClientRect().left;
      view.scrollLeft = Math.max(0, at - view.clientWidth / 2);
    }
  }
  reveal();
  filter.addEventListener("input", apply);
  bad.addEventListener("change", apply);
  document.addEventListener("keydown", function (e) {
    if (e.key === "/" && document.activeElement !== filter) { e.preventDefault(); filter.focus(); }
    if (e.key === "Escape" && document.activeElement === filter) { filter.value = ""; apply(); }
  });
}());
