// The form of an identity provider. The server brings rows and text of the policy in step; here is only noted which of
// the two was edited last, and what the eye needs: line numbers, and the way from an error to its line.
"use strict";
(() => {
  const edited = () => document.getElementById("id_policy_edited");
  const text = () => document.getElementById("id_policy");

  function policy() {
    const box = document.querySelector("[data-policy]");
    if (!box) return;
    keepInStep(box);
    const changed = (which) => {
      edited().value = which;
      revision += 1;
      box.dispatchEvent(new Event("policy-changed"));
    };
    box.addEventListener("input", ({ target }) => {
      if (target === text()) changed("yaml");
      else if (target.name?.startsWith("b-")) changed("builder");
    });
    box.addEventListener("click", ({ target }) => {
      const step = target.closest?.("[data-step]");
      if (step) takeStep(box, step.dataset.step);
    });
    box.addEventListener("change", ({ target }) => {
      if (target.name?.endsWith("-scopes")) showChosen(target.closest("details"));
    });
    // What the linter says depends on these, too
    box.form?.addEventListener("input", ({ target }) => {
      if (["issuer", "audiences", "token_ttl"].includes(target.name)) box.dispatchEvent(new Event("policy-changed"));
    });
  }

  // Who types while an answer is on its way keeps what was typed: that answer is of another text, and is thrown away.
  // A step that was lost with it is taken again.
  let revision = 0, nextStep = "";

  function keepInStep(box) {
    box.addEventListener("htmx:beforeRequest", ({ detail }) => {
      if (detail.elt !== box) return;
      detail.xhr.asked = { revision, step: nextStep };
      nextStep = "";
    });
    box.addEventListener("htmx:beforeSwap", (event) => {
      const asked = event.detail.xhr.asked;
      if (!asked || asked.revision === revision) return;
      event.detail.shouldSwap = false;
      takeAgain(asked.step);
    });
    box.addEventListener("htmx:sendAbort", ({ detail }) => takeAgain(detail.xhr.asked?.step));
    const takeAgain = (step) => { if (step) setTimeout(() => takeStep(box, step)); };
  }

  // A step adds, moves or removes rows: the server answers with the rows as they are then
  function takeStep(box, step) {
    nextStep = step;
    htmx.ajax("POST", box.getAttribute("hx-post"), {
      source: box, target: "#policy-findings", swap: "innerHTML", values: { "b-do": step },
    });
    box.form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function showChosen(details) {
    const names = [...details.querySelectorAll("input:checked")].map((input) => input.value);
    const summary = details.querySelector("summary");
    if (!names.length) { summary.textContent = "–"; return; }
    summary.replaceChildren(...names.flatMap((name) => {
      const code = document.createElement("code");
      code.textContent = name;
      return [code, " "];
    }));
  }

  function scopeFilter() {
    document.addEventListener("input", (event) => {
      const search = event.target;
      if (!search.matches?.("[data-scope-filter]")) return;
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      search.closest("details").querySelectorAll("[data-scope-group]").forEach((group) => {
        let shown = 0;
        group.querySelectorAll("label").forEach((label) => {
          label.hidden = !words.every((word) => label.textContent.toLowerCase().includes(word));
          shown += !label.hidden;
        });
        group.hidden = !shown;
      });
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches?.("[data-scope-filter]")) event.preventDefault();
    });
  }

  // --- the text: numbers beside it, and each error leads to its line ---------------------------------------------------
  const PLACE = /line (\d+), column (\d+)/i;

  function number() {
    const area = text();
    if (!area) return;
    const box = area.closest("[data-numbered]");
    let gutter = box.querySelector(".numbers");
    if (!gutter) {
      gutter = document.createElement("div");
      gutter.className = "numbers";
      gutter.setAttribute("aria-hidden", "true");
      box.prepend(gutter);
      area.addEventListener("input", number);
      area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });
    }
    const bad = new Set([...document.querySelectorAll("[data-line-error]")].map((one) => PLACE.exec(one.textContent)?.[1]));
    gutter.replaceChildren(...area.value.split("\n").map((_, index) => {
      const line = document.createElement("div");
      line.textContent = index + 1;
      line.classList.toggle("bad", bad.has(String(index + 1)));
      return line;
    }));
    gutter.scrollTop = area.scrollTop;
  }

  function linkErrors() {
    document.querySelectorAll("[data-line-error]:not([data-linked])").forEach((item) => {
      const place = PLACE.exec(item.textContent);
      if (!place) return;
      item.dataset.linked = "";
      const button = document.createElement("button");
      button.type = "button";
      button.className = "line-link";
      button.textContent = item.textContent;
      button.addEventListener("click", () => goTo(Number(place[1]), Number(place[2])));
      item.replaceChildren(button);
    });
  }

  function goTo(line, column) {
    const area = text();
    const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(before + column - 1, before + column - 1);
    area.scrollTop = (line - 3) * parseFloat(getComputedStyle(area).lineHeight);
  }

  // --- the kind: its issuer, its hint, and the claims to begin with ----------------------------------------------------
  function presets() {
    const box = document.querySelector("[data-presets]");
    if (!box) return;
    const hints = [...box.querySelectorAll(".preset-help")];
    const issuer = document.getElementById("id_issuer");
    const show = () => {
      const chosen = box.querySelector("[name=preset]:checked")?.value;
      hints.forEach((hint) => hint.classList.toggle("shown", hint.dataset.of === chosen));
      const own = hints.find((hint) => hint.dataset.of === chosen)?.dataset.issuer ?? "";
      issuer.placeholder = own || (chosen === "circleci" ? "00000000-0000-0000-0000-000000000000" : "https://id.example.com");
      return own;
    };
    box.addEventListener("change", ({ target }) => {
      if (target.name !== "preset") return;
      show();
      const fixed = hints.map((hint) => hint.dataset.issuer);
      if (fixed.includes(issuer.value)) issuer.value = "";
      document.getElementById("issuer-answer").replaceChildren();
      const policyBox = document.querySelector("[data-policy]");
      if (policyBox.querySelector("[name=b-count]")) takeStep(policyBox, "preset");
      else policyBox.dispatchEvent(new Event("policy-changed"));
    });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => {
    [policy, scopeFilter, presets, number, linkErrors].forEach((start) => start());
  });
  document.addEventListener("htmx:afterSettle", () => { number(); linkErrors(); });
})();
