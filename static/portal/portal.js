// The portal's few behaviours. Loaded in the head and not deferred, so that the chosen theme is there before the first
// paint. Everything works without it, but for copying and the theme switch.
"use strict";
(() => {
  const root = document.documentElement;
  const THEME = "counterfoil-theme";

  function storedTheme() {
    try { return localStorage.getItem(THEME) || "system"; } catch { return "system"; }
  }

  function applyTheme(choice) {
    if (choice === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = choice;
  }

  root.classList.add("js");
  applyTheme(storedTheme());

  function announce(text) {
    document.getElementById("announcer").textContent = text;
  }

  function themeSwitch() {
    const buttons = [...document.querySelectorAll("[data-theme-choice]")];
    const show = () => buttons.forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === storedTheme())));
    buttons.forEach((button) => button.addEventListener("click", () => {
      try { localStorage.setItem(THEME, button.dataset.themeChoice); } catch { /* private mode: for this page only */ }
      applyTheme(button.dataset.themeChoice);
      show();
    }));
    show();
  }

  // One listener for the whole page: parts of it come later
  function copyButtons() {
    document.addEventListener("click", async ({ target }) => {
      const button = target.closest?.("[data-copy]");
      if (!button) return;
      const label = button.querySelector("span");
      const before = label.dataset.before ??= label.textContent;
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        label.textContent = "✓";
        announce(`${button.getAttribute("aria-label")} ✓`);
      } catch {  // not allowed, or plain http: select it, so that the keyboard can copy it
        getSelection().selectAllChildren(button.parentElement.querySelector("code"));
        label.textContent = "Ctrl C";
      }
      button.classList.add("copied");
      setTimeout(() => { label.textContent = before; button.classList.remove("copied"); }, 1600);
    });
  }

  function menus() {
    const open = () => [...document.querySelectorAll("details.menu[open], details.filter[open]")];
    document.addEventListener("click", (event) =>
      open().filter((menu) => !menu.contains(event.target)).forEach((menu) => { menu.open = false; }));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      open().forEach((menu) => {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    });
    // Whoever tabs on shall see where they are, not the menu over it
    document.addEventListener("focusin", (event) =>
      open().filter((menu) => !menu.contains(event.target)).forEach((menu) => { menu.open = false; }));
    document.querySelectorAll("details.filter").forEach((filter) => filter.addEventListener("toggle", () => {
      if (filter.open) filter.querySelector("input[type=text]:not([data-later])")?.focus();
    }));
  }

  function drawer() {
    const button = document.querySelector("[data-drawer]");
    if (!button) return;
    const sidebar = document.getElementById(button.getAttribute("aria-controls"));
    const set = (isOpen) => {
      root.classList.toggle("drawer-open", isOpen);
      button.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) sidebar.querySelector("a, summary").focus();
    };
    button.addEventListener("click", () => set(!root.classList.contains("drawer-open")));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && root.classList.contains("drawer-open")) { set(false); button.focus(); }
    });
    document.addEventListener("click", (event) => {
      const inside = sidebar.contains(event.target) || button.contains(event.target);
      if (root.classList.contains("drawer-open") && !inside) set(false);
    });
    sidebar.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && relatedTarget !== button && !sidebar.contains(relatedTarget)) set(false);
    });
    sidebar.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest" });
  }

  function searchKey() {
    document.addEventListener("keydown", (event) => {
      const search = document.getElementById("searchbar");
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || !search || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.focus();
      search.select();
    });
  }

  function unsavedGuard() {
    document.querySelectorAll("form[data-guard]").forEach((form) => {
      let changed = Boolean(document.getElementById("error-summary"));
      form.addEventListener("input", () => { changed = true; });
      form.addEventListener("submit", () => { changed = false; });
      addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
    });
    document.getElementById("error-summary")?.focus();
  }

  // For people who have not chosen a time zone: the next page is shown in the browser's.
  function rememberZone() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const cookie = `counterfoil_zone=${zone}`;
    if (!zone || !/^[A-Za-z0-9_+/-]+$/.test(zone) || document.cookie.split("; ").includes(cookie)) return;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${cookie}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }

  document.addEventListener("DOMContentLoaded", () => {
    [rememberZone, themeSwitch, copyButtons, menus, drawer, searchKey, unsavedGuard].forEach((start) => start());
  });
})();
