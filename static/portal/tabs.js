// Links to the parts of a page become tabs: arrows move, Home and End jump, the address names the open one.
// Without it the parts stand below one another and the links lead to them.
"use strict";
(() => {
  // Where not all fit: without moving the page, as scrollIntoView would
  function reveal(tab) {
    tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
  }

  function makeTabs(nav) {
    const tabs = [...nav.querySelectorAll("a[href^='#']")];
    const panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));
    const inAddress = nav.hasAttribute("data-tabs");

    function open(index, { focus = false } = {}) {
      tabs.forEach((tab, place) => {
        const isOpen = place === index;
        tab.setAttribute("aria-selected", String(isOpen));
        tab.tabIndex = isOpen ? 0 : -1;
        panels[place].toggleAttribute("data-open", isOpen);
      });
      if (focus) tabs[index].focus();
      reveal(tabs[index]);
      nav.dispatchEvent(new CustomEvent("tab-open", { bubbles: true, detail: panels[index].id }));
    }

    // The address may name a panel, or something inside of one
    function openNamed() {
      const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const index = target ? panels.findIndex((panel) => panel.contains(target)) : -1;
      if (index < 0) return;
      open(index);
      if (target !== panels[index]) {
        target.scrollIntoView({ block: "center" });
        target.querySelector("input:not([type=hidden]), textarea, select")?.focus({ preventScroll: true });
      }
    }

    nav.setAttribute("role", "tablist");
    tabs.forEach((tab, index) => {
      tab.id ||= `tab-${panels[index].id}`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panels[index].id);
      panels[index].setAttribute("role", "tabpanel");
      panels[index].setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        open(index);
        if (inAddress) history.replaceState(null, "", tab.hash);
      });
    });
    nav.addEventListener("keydown", (event) => {
      const here = tabs.indexOf(document.activeElement);
      const step = getComputedStyle(nav).direction === "rtl" ? -1 : 1;
      const next = { ArrowRight: here + step, ArrowLeft: here - step, Home: 0, End: tabs.length - 1 }[event.key];
      if (next === undefined || here < 0) return;
      event.preventDefault();
      const place = (next + tabs.length) % tabs.length;
      open(place, { focus: true });
      if (inAddress) history.replaceState(null, "", tabs[place].hash);
    });
    open(Math.max(0, tabs.findIndex((tab) => tab.hasAttribute("data-open"))));
    if (inAddress) {
      openNamed();
      addEventListener("hashchange", openNamed);
      document.addEventListener("click", ({ target }) => {  // the same link a second time changes no address
        if (target.closest?.("a")?.hash && target.closest("a").hash === location.hash) openNamed();
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-tabs], [data-inner-tabs]").forEach(makeTabs);
    document.querySelectorAll(".tabs [aria-current]").forEach(reveal);
  });
})();
