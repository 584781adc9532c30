// Suggestions below the search of the log: keys first, then the values of a key. They are what the help on the same page
// lists ([data-term]); a click on one of those goes into the box as well. Without this script they are links.
"use strict";
(() => {
  const box = document.getElementById("searchbar");
  const list = document.getElementById("search-suggestions");
  if (!box || !list) return;
  const MOST = 12;
  const terms = [...document.querySelectorAll("[data-term]")];
  const known = terms.filter((one) => one.matches(".term")).map((one) => ({
    term: one.dataset.term,
    words: (one.closest("dt")?.nextElementSibling ?? one.nextElementSibling)?.textContent.trim() ?? "",
  }));
  let active = -1;

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");

  // The term in which the caret stands; spaces between quotation marks belong to it
  function current() {
    const before = box.value.slice(0, box.selectionStart);
    const word = before.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*(?:"|$))*$/)[0];
    const minus = word.startsWith("-") ? "-" : "";
    return { start: before.length - word.length, minus, word: word.slice(minus.length) };
  }

  function fitting({ word }) {
    const folded = word.toLowerCase();
    const isKey = (one) => one.term.endsWith(":");
    if (!folded.includes(":")) {
      const keys = known.filter((one) => isKey(one) && one.term.startsWith(folded));
      const values = folded.length < 3 ? [] : known.filter((one) => !isKey(one) && one.term.toLowerCase().includes(folded));
      return [...keys, ...values].slice(0, folded ? MOST : known.length).filter((one) => folded || isKey(one));
    }
    const [key, value] = [folded.slice(0, folded.indexOf(":") + 1), folded.slice(folded.indexOf(":") + 1)];
    const same = known.filter((one) => !isKey(one) && one.term.startsWith(key.replace("before:", "after:")));
    return same.map((one) => ({ ...one, term: key + one.term.slice(one.term.indexOf(":") + 1) }))
      .filter((one) => one.term.toLowerCase() !== folded && one.term.slice(key.length).toLowerCase().includes(value))
      .slice(0, 40);
  }

  function close() {
    list.hidden = true;
    active = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function show() {
    const found = fitting(current());
    list.replaceChildren(...found.map(({ term, words }, place) => {
      const item = document.createElement("li");
      const code = document.createElement("code");
      const text = document.createElement("span");
      Object.assign(item, { id: `suggestion-${place}`, role: "option" });
      item.setAttribute("aria-selected", "false");
      item.dataset.value = term;
      code.textContent = term;
      text.textContent = words;
      item.append(code, text);
      return item;
    }));
    active = -1;
    box.removeAttribute("aria-activedescendant");
    list.hidden = !found.length;
    box.setAttribute("aria-expanded", String(found.length > 0));
  }

  function choose(place) {
    const items = [...list.children];
    active = (place + items.length) % items.length;
    items.forEach((item, number) => item.setAttribute("aria-selected", String(number === active)));
    box.setAttribute("aria-activedescendant", items[active].id);
    items[active].scrollIntoView({ block: "nearest" });
  }

  function insert(term) {
    const { start, minus } = current();
    const rest = box.value.slice(box.selectionStart);
    const end = term.endsWith(":") ? "" : " ";
    box.value = box.value.slice(0, start) + minus + term + end + rest.trimStart();
    const caret = start + minus.length + term.length + end.length;
    box.setSelectionRange(caret, caret);
    box.focus();
    show();
  }

  box.addEventListener("input", show);
  box.addEventListener("click", () => { if (list.hidden) show(); });
  box.addEventListener("blur", () => setTimeout(close, 150));
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) show();
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(active + 1);
    else if (event.key === "ArrowUp") choose(active < 0 ? -1 : active - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") { close(); return; }
    else if (event.key === "Enter" && active >= 0) insert(list.children[active].dataset.value);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("mousedown", (event) => {
    const item = event.target.closest("li");
    event.preventDefault();  // the box keeps the focus
    if (item) insert(item.dataset.value);
  });

  // "Browse event types" and the rest of the help
  terms.forEach((one) => one.addEventListener("click", (event) => {
    event.preventDefault();
    one.closest("details")?.matches(".filter") && (one.closest("details").open = false);
    box.setSelectionRange(box.value.length, box.value.length);
    if (box.value && !/\s$/.test(box.value)) { box.value += " "; box.setSelectionRange(box.value.length, box.value.length); }
    insert(one.dataset.term);
    box.scrollIntoView({ block: "center" });
  }));
})();
