// Passkeys: the browser's WebAuthn between two pages of ours. The options come as JSON from the page, or from the
// address in data-options-from; the answer goes back in the hidden field "credential".
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function options(form) {
    if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent).publicKey;
    const response = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
    return (await response.json()).request_options.publicKey;
  }

  const decoded = (given) => ({
    ...given,
    challenge: bytes(given.challenge),
    ...(given.user && { user: { ...given.user, id: bytes(given.user.id) } }),
    ...Object.fromEntries(["excludeCredentials", "allowCredentials"].filter((name) => given[name])
      .map((name) => [name, given[name].map((one) => ({ ...one, id: bytes(one.id) }))])),
  });

  function selection(form, given) {
    if (!form.elements.passwordless?.checked) return given;
    const wanted = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
    return { ...given, authenticatorSelection: { ...given.authenticatorSelection, ...wanted } };
  }

  const encoded = (credential) => JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(
      ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
        .filter((name) => credential.response[name])
        .map((name) => [name, text(credential.response[name])])),
  });

  async function ask(form) {
    const publicKey = selection(form, decoded(await options(form)));
    const credential = form.dataset.passkey === "add"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    form.elements.credential.value = encoded(credential);
    form.submit();
  }

  document.querySelectorAll("[data-passkey]").forEach((form) => form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const error = form.querySelector("[data-passkey-error]");
    error.hidden = true;
    try { await ask(form); } catch { error.hidden = false; }
  }));
})();
