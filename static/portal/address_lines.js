// Lists of addresses, one to a line: "add my address", and a warning while the list keeps nobody out.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const everyone = /^(0\.0\.0\.0|::|0:0:0:0:0:0:0:0)\/0$/;
  document.querySelectorAll("[data-address-lines]").forEach((box) => {
    const list = box.querySelector("textarea");
    const lines = () => list.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const show = () => {
      const found = lines();
      box.querySelector("[data-open-warning]").hidden = found.length > 0 && !found.some((line) => everyone.test(line));
    };
    list.addEventListener("input", show);
    show();
    box.querySelector("[data-add-address]")?.addEventListener("click", ({ currentTarget }) => {
      const address = currentTarget.dataset.addAddress;
      if (!lines().includes(address)) list.value = [...lines(), address].join("\n");
      list.dispatchEvent(new Event("input", { bubbles: true }));
      list.focus();
    });
  });
});
