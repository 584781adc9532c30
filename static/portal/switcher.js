// The organization switcher by keyboard: arrows move, Home and End jump, Escape closes (portal.js), typing searches where
// there are many. Without a script it is a list of links.
"use strict";
(() => {
  const switcher = document.querySelector("details.switcher");
  if (!switcher) return;
  const search = switcher.querySelector("[data-switcher-search]");
  const none = switcher.querySelector("[data-switcher-none]");
  const rows = [...switcher.querySelectorAll("[data-switcher] li")];
  const links = () => rows.filter((row) => !row.hidden).map((row) => row.querySelector("a")).filter(Boolean);
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  if (search) search.parentElement.hidden = false;

  switcher.addEventListener("toggle", () => {
    if (!switcher.open) return;
    if (search) { search.value = ""; search.dispatchEvent(new Event("input")); search.focus(); }
  });

  search?.addEventListener("input", () => {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    rows.forEach((row) => { row.hidden = !words.every((word) => fold(row.textContent).includes(word)); });
    none.hidden = links().length > 0;
  });

  switcher.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && !switcher.open) switcher.open = true;
    if (!switcher.open) return;
    const found = links();
    const at = found.indexOf(document.activeElement);
    const inSearch = document.activeElement === search;
    const places = {
      ArrowDown: Math.min(at + 1, found.length - 1),
      ArrowUp: at - 1,
      Home: inSearch ? undefined : 0,
      End: inSearch ? undefined : found.length - 1,
      Enter: inSearch && found.length ? 0 : undefined,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    if (event.key === "Enter") found[0].click();
    else if (place < 0) (search ?? switcher.querySelector("summary")).focus();
    else found[place]?.focus();
  });
})();
