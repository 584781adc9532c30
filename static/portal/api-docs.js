// Swagger UI draws itself dark where <html> has the class dark-mode: as chosen in the portal, or else as the system is.
// Loaded in the head, so that it is there before the first paint.
"use strict";
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try { return localStorage.getItem("counterfoil-theme"); } catch { return null; }
  }

  function follow() {
    const choice = chosen();
    const dark = choice === "dark" || (choice !== "light" && system.matches);
    document.documentElement.classList.toggle("dark-mode", dark);
  }

  system.addEventListener("change", follow);
  follow();
})();
