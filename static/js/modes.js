// Who answers: the choice is remembered in this browser as far as it is still offered, and nobody meets himself.
const KEPT = "mode";
const form = document.getElementById("ask");
const modes = form.elements.namedItem("mode");
const pickers = [...form.querySelectorAll(".picker select")];

function restore() {
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  if (kept.mode === "side_by_side") modes.value = kept.mode;
  pickers.forEach((picker, place) => {
    const slug = kept.models?.[place];
    if ([...picker.options].some((option) => option.value === slug)) picker.value = slug;
  });
}

function keep() {
  localStorage.setItem(KEPT, JSON.stringify({ mode: modes.value, models: pickers.map((picker) => picker.value) }));
}

function part() {
  pickers.forEach((picker, place) => {
    const taken = pickers[1 - place].value;
    for (const option of picker.options) option.disabled = option.value !== "" && option.value === taken;
  });
}

// After an error the form stands as it was sent.
if (!form.querySelector("[role=alert]")) restore();
part();
form.addEventListener("change", (event) => {
  if (event.target.name === "prompt") return;
  part();
  keep();
});
