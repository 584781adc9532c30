// What was typed before the proof is sent again at once; without scripts by the button.
"use strict";
document.querySelector("[data-go-on]").submit();
