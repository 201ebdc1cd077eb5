// The charts and sorted tables of the report of a backtest. Amounts come in whole
// units of the currency.
(function () {
  "use strict";
  var parts = JSON.parse(document.getElementById("data").textContent);
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var charts = [];

  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  // money writes an amount with its currency; short is for axes.
  function money(part, amount, short) {
    var options = { style: "currency", currency: part.currency, minimumFractionDigits: part.digits, maximumFractionDigits: part.digits };
    if (short) {
      options.minimumFractionDigits = 0;
      options.maximumFractionDigits = Math.abs(amount) < 10 ? part.digits : 1;
      options.notation = Math.abs(amount) >= 10000 ? "compact" : "standard";
    }
    return new Intl.NumberFormat("en", options).format(amount);
  }

  function count(n) {
    return Number.isInteger(n) ? new Intl.NumberFormat("en").format(n) : "";
  }

  function set(label, data, name, extra) {
    return Object.assign({ label: label, data: data, backgroundColor: color(name), borderColor: color(name) }, extra);
  }

  // options are those of a chart whose axis "values" has amounts or counts.
  function options(values, write, extra) {
    var labels = values === "x" ? "y" : "x";
    var scales = {};
    scales[values] = { beginAtZero: true, grid: { color: color("grid") }, ticks: { color: color("quiet"), maxTicksLimit: 6, callback: function (v) { return write(v, true); } } };
    scales[labels] = { grid: { display: false }, ticks: { color: color("quiet"), autoSkip: values !== "x", maxRotation: 0, autoSkipPadding: 12 } };
    return Object.assign({
      animation: false, responsive: true, maintainAspectRatio: false, indexAxis: labels,
      interaction: { mode: "index", axis: labels, intersect: false },
      scales: scales,
      plugins: {
        legend: { position: "top", align: "start", labels: { color: color("text"), boxWidth: 14, boxHeight: 10 } },
        tooltip: { callbacks: { label: function (c) { return c.dataset.label + ": " + write(c.parsed[values], false); } } }
      }
    }, extra);
  }

  // lines are the options of a chart of lines, whose legend shows them as they are.
  function lines(values, write) {
    var o = options(values, write);
    Object.assign(o.plugins.legend.labels, { usePointStyle: true, pointStyle: "line", pointStyleWidth: 22 });
    return o;
  }

  // room keeps the legend apart from the top of the axis.
  var room = {
    id: "room",
    beforeInit: function (chart) {
      var fit = chart.legend.fit;
      chart.legend.fit = function () {
        fit.call(this);
        this.height += 10;
      };
    }
  };

  var line = { borderWidth: 2, pointRadius: 0, pointHitRadius: 12, tension: 0, stepped: false };

  function configuration(part, canvas) {
    var amount = function (v, short) { return money(part, v, short); };
    // A single day is a point, which a line alone would not show.
    var drawn = Object.assign({}, line, { pointRadius: part.labels.length < 3 ? 4 : 0 });
    switch (canvas.dataset.chart) {
      case "steps":
        return { type: "bar", data: { labels: part.labels, datasets: [set("old", part.old, "old"), set("new", part.new, "new")] }, options: options("y", amount) };
      case "burn":
        return { type: "line", data: { labels: part.labels, datasets: [set("old", part.oldSoFar, "old", drawn), set("new", part.newSoFar, "new", drawn)] }, options: lines("y", amount) };
      case "promotions":
        return { type: "bar", data: { labels: part.promotions.map(function (p) { return p.id; }), datasets: [set("old", part.promotions.map(function (p) { return p.old; }), "old"), set("new", part.promotions.map(function (p) { return p.new; }), "new")] }, options: options("x", amount) };
      case "distribution":
        return { type: "bar", data: { labels: part.buckets, datasets: [set("old", part.bucketsOld, "old"), set("new", part.bucketsNew, "new")] }, options: options("y", count) };
      case "budget":
        var budget = part.budgets[Number(canvas.dataset.budget)];
        return { type: "line", data: { labels: part.labels, datasets: [set("spent, new", budget.soFar, "new", drawn), set("budget", part.labels.map(function () { return budget.budget; }), "bad", Object.assign({}, drawn, { borderDash: [6, 4] }))] }, options: lines("y", amount) };
    }
    throw new Error("no chart is called " + canvas.dataset.chart);
  }

  function draw() {
    charts.forEach(function (c) { c.destroy(); });
    charts = [];
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    document.querySelectorAll("section[data-part]").forEach(function (section) {
      var part = parts[Number(section.dataset.part)];
      section.querySelectorAll("canvas").forEach(function (canvas) {
        charts.push(new Chart(canvas, Object.assign({ plugins: [room] }, configuration(part, canvas))));
        canvas.dataset.drawn = "true";
      });
    });
  }

  // value is what a row is sorted by in a column.
  function value(row, column) {
    var cell = row.cells[column];
    var text = cell.dataset.value === undefined ? cell.textContent : cell.dataset.value;
    var number = Number(text);
    return text !== "" && !isNaN(number) ? number : text;
  }

  function sortBy(table, header) {
    var down = header.getAttribute("aria-sort") !== "descending";
    var column = header.cellIndex;
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    rows.sort(function (a, b) {
      var x = value(a, column), y = value(b, column);
      var order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
      return down ? -order : order;
    });
    table.querySelectorAll("th").forEach(function (th) { th.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
  }

  document.querySelectorAll("table[data-sort]").forEach(function (table) {
    table.querySelectorAll("thead th").forEach(function (header) {
      var button = document.createElement("button");
      button.textContent = header.textContent;
      button.addEventListener("click", function () { sortBy(table, header); });
      header.replaceChildren(button);
    });
  });
  draw();
  dark.addEventListener("change", draw);
})();
