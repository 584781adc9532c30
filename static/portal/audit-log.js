// The list of the log: the drawer beside it, keys to go through it, and new events as they come.
"use strict";
(() => {
  const drawer = document.getElementById("event-drawer");
  const rows = document.getElementById("event-rows");
  const links = () => [...document.querySelectorAll("#event-rows a.event-link")];
  const say = (text) => { document.getElementById("announcer").textContent = text; };
  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

  // --- the drawer -----------------------------------------------------------------------------------------------------
  let shown = null;

  async function open(link) {
    const address = new URL(link.href);
    address.pathname = address.pathname.replace(/\/change\/$/, "/drawer/");
    address.search = "";
    shown?.closest("tr").classList.remove("row-open");
    shown = link;
    link.closest("tr").classList.add("row-open");
    await htmx.ajax("GET", address.pathname, { target: "#drawer-body", swap: "innerHTML" });
    if (shown !== link) return;
    if (!drawer.open) drawer.showModal();
    drawer.scrollTop = 0;
    drawer.querySelectorAll("[data-step]").forEach((button) => { button.disabled = !beside(Number(button.dataset.step)); });
    document.getElementById("drawer-title")?.focus();
  }

  function beside(step) {
    const all = links();
    return all[all.indexOf(shown) + step];
  }

  function makeDrawer() {
    rows.addEventListener("click", (event) => {
      const link = event.target.closest("a.event-link");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      open(link);
    });
    document.body.addEventListener("htmx:responseError", (event) => {
      if (event.detail.target.id === "drawer-body" && shown) location.assign(shown.href);
    });
    drawer.addEventListener("click", (event) => {
      const step = event.target.closest("[data-step]");
      if (step && beside(Number(step.dataset.step))) open(beside(Number(step.dataset.step)));
      if (event.target === drawer || event.target.closest("[data-close]")) drawer.close();
    });
    drawer.addEventListener("close", () => {
      shown?.closest("tr").classList.remove("row-open");
      shown?.focus();
    });
  }

  // --- keys -----------------------------------------------------------------------------------------------------------
  const STEPS = { j: 1, ArrowDown: 1, ArrowRight: 1, k: -1, ArrowUp: -1, ArrowLeft: -1 };

  function keys() {
    document.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      if (drawer.open) {
        // The arrows scroll what has a scroll bar of its own
        if (event.target.closest("pre, summary") || (!beside(step) && event.key.startsWith("Arrow"))) return;
        if (beside(step)) open(beside(step));
      } else {
        const all = links();
        const here = all.indexOf(document.activeElement);
        if (event.key.startsWith("Arrow") && here < 0) return;  // the page scrolls as ever
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") return;
        all[Math.max(0, here + step)]?.focus();
      }
      event.preventDefault();
    });
  }

  // The page of one event: to its neighbours
  function pageKeys() {
    document.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step || event.key === "ArrowUp" || event.key === "ArrowDown" || typing(event.target)) return;
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("pre")) return;
      const link = document.querySelector(step > 0 ? ".heading-tools a[rel=next]" : ".heading-tools a[rel=prev]");
      if (link) location.assign(link.href);
    });
  }

  // --- new events -----------------------------------------------------------------------------------------------------
  const EVERY = 4000;  // milliseconds
  const MOST_ROWS = 500;

  function tail() {
    const button = document.querySelector("[data-tail]");
    const query = new URLSearchParams(location.search);
    if (!button || query.has("older") || query.has("newer")) return;
    const texts = document.getElementById("log-texts").dataset;
    const table = document.querySelector("[data-log-table]");
    let newest = rows.querySelector("[data-event]")?.dataset.event ?? button.dataset.newest;
    let asking = false;
    let timer = 0;
    button.hidden = false;

    async function ask() {
      if (document.hidden || asking) return;
      asking = true;
      query.set("newer", newest);
      const before = rows.childElementCount;
      try {
        await htmx.ajax("GET", `${button.dataset.tail}?${query}`, { target: "#event-rows", swap: "afterbegin" });
      } finally {
        asking = false;
      }
      const came = rows.childElementCount - before;
      if (!came) return;
      newest = rows.querySelector("[data-event]").dataset.event;
      table.hidden = false;
      document.querySelector("[data-log-empty]")?.remove();
      say(came === 1 ? texts.one : texts.many.replace("{n}", came));
      const open = drawer.open && shown?.closest("tr");
      [...rows.children].slice(MOST_ROWS).forEach((row) => { if (row !== open) row.remove(); });
    }

    function turn(on) {
      button.setAttribute("aria-pressed", String(on));
      say(on ? texts.live : texts.still);
      clearInterval(timer);
      if (on) { ask(); timer = setInterval(ask, EVERY); }
    }

    button.addEventListener("click", () => turn(button.getAttribute("aria-pressed") !== "true"));
    document.addEventListener("visibilitychange", () => { if (timer && button.getAttribute("aria-pressed") === "true") ask(); });
    document.body.addEventListener("htmx:responseError", (event) => { if (event.detail.target === rows) turn(false); });
  }

  addEventListener("beforeprint", () => document.querySelectorAll("[data-print-time]").forEach((place) => {
    const zone = place.dataset.printTime;
    place.textContent = `${new Date().toLocaleString("sv-SE", { timeZone: zone })} ${zone}`;
  }));

  if (drawer && rows) { makeDrawer(); keys(); tail(); } else pageKeys();
})();
