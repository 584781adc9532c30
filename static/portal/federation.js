// The assistant's form shows only the fields that the chosen subject and ref need. Without it all of them show.
"use strict";
(() => {
  const form = document.querySelector("[data-federation]");
  if (!form) return;
  const NEEDED_BY = {
    cluster: (values) => values.subject === "cluster_id",
    queue: (values) => values.subject === "queue_id",
    identifier: (values) => ["agent_id", "build_id", "job_id"].includes(values.subject),
    ref: (values) => values.ref_kind !== "any",
  };

  function show() {
    const values = { subject: form.elements.subject.value, ref_kind: form.elements.ref_kind.value };
    for (const [name, isNeeded] of Object.entries(NEEDED_BY)) {
      document.getElementById(`field-${name}`).hidden = !isNeeded(values);
    }
  }

  form.addEventListener("change", show);
  show();
})();
