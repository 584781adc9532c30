// The form of an app: choosing scopes, saying lifetimes in words, and what the key preview offers.
"use strict";
(() => {
  function scopePicker() {
    const box = document.querySelector("[data-scopes]");
    if (!box) return;
    const rows = [...box.querySelectorAll("tbody tr")];
    const note = box.querySelector("[data-scope-note]");
    const boxesOf = (row) => row.querySelectorAll("input");
    const say = (sentence, scope) => { note.textContent = sentence.replace("{scope}", scope); };

    function count() {
      box.querySelectorAll("[data-scope-group]").forEach((group) => {
        const all = [...group.querySelectorAll("input[name=grantable_scopes]")];
        group.querySelector("[data-count]").textContent = `${all.filter((one) => one.checked).length}/${all.length}`;
      });
    }

    // What is granted by default must be grantable: ticking one ticks the other, and the other way round
    box.addEventListener("change", ({ target }) => {
      const row = target.closest("tbody tr");
      if (!row) return;
      const [granted, byDefault] = boxesOf(row);
      note.textContent = "";
      if (target === byDefault && byDefault.checked && !granted.checked) {
        granted.checked = true;
        say(note.dataset.added, granted.value);
      }
      if (target === granted && !granted.checked && byDefault.checked) {
        byDefault.checked = false;
        say(note.dataset.removed, granted.value);
      }
      count();
    });

    box.querySelectorAll("[data-preset]").forEach((button) => button.addEventListener("click", () => {
      rows.forEach((row) => {
        const [granted, byDefault] = boxesOf(row);
        granted.checked = button.dataset.preset === "write" || (button.dataset.preset === "read" && !("writes" in row.dataset));
        byDefault.checked &&= granted.checked;
      });
      note.textContent = "";
      box.dispatchEvent(new Event("input", { bubbles: true }));
      count();
    }));

    const search = box.querySelector("[data-scope-search]");
    search.addEventListener("input", (event) => {
      event.stopPropagation();  // searching changes nothing that could be lost
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row) => {
        const text = row.querySelector("th").textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      });
      box.querySelectorAll("[data-scope-group]").forEach((group) => {
        group.hidden = !group.querySelector("tbody tr:not([hidden])");
      });
      box.querySelector("[data-scope-empty]").hidden = rows.some((row) => !row.hidden);
    });
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }

  function inWords(seconds, units) {
    const parts = [[86400, units[0]], [3600, units[1]], [60, units[2]], [1, units[3]]].map(([size, unit]) => {
      const count = Math.floor(seconds / size);
      seconds -= count * size;
      return count && `${count} ${unit}`;
    });
    return parts.filter(Boolean).join(" ");
  }

  function lifetimes() {
    document.querySelectorAll("[data-lifetime]").forEach((box) => {
      const input = box.querySelector("input");
      const output = box.querySelector("output");
      const show = () => {
        const seconds = Number(input.value);
        const whole = Number.isInteger(seconds) && seconds > 0 && seconds < 1e7;
        output.textContent = whole ? `= ${inWords(seconds, output.dataset.units.split(","))}` : "";
        box.querySelectorAll("[data-seconds]").forEach((button) =>
          button.setAttribute("aria-pressed", String(Number(button.dataset.seconds) === seconds)));
      };
      input.addEventListener("input", show);
      box.querySelectorAll("[data-seconds]").forEach((button) => button.addEventListener("click", () => {
        input.value = button.dataset.seconds;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }));
      show();
    });
  }

  // The preview comes from the server; what it asks for is done here
  function keyPreview() {
    const keys = document.getElementById("id_jwks");
    document.addEventListener("htmx:afterSwap", ({ target }) => {
      if (target.querySelector("[data-clear-keys]")) keys.value = "";  // a private key: it is not sent a second time
    });
    document.addEventListener("click", ({ target }) => {
      const offer = target.closest?.("[data-fill-keys]");
      if (!offer) return;
      keys.value = offer.dataset.fillKeys;
      keys.dispatchEvent(new Event("input", { bubbles: true }));
      keys.focus();
    });
  }

  // Nothing to save where there is nothing to fill in, as long as nothing was changed
  function saveBar() {
    const form = document.querySelector(".app-form");
    const reading = ["connect", "activity"];
    form?.addEventListener("tab-open", ({ detail, target }) => {
      if (target.hasAttribute("data-tabs")) form.classList.toggle("reading", reading.includes(detail));
    });
    form?.addEventListener("input", () => form.classList.add("changed"));
  }

  document.addEventListener("DOMContentLoaded", () => [saveBar, scopePicker, lifetimes, keyPreview].forEach((start) => start()));
})();
