// Who answers: where names are wanted, two different models. A choice that is whole is remembered in this browser as
// far as it is still offered.
const KEPT = "mode";
const form = document.getElementById("ask");
const modes = form.elements.namedItem("mode");
const group = form.querySelector(".pickers");
const pickers = [...group.querySelectorAll("select")];
const named = () => modes.value === "side_by_side";
const whole = () => pickers.every((picker) => picker.value);

function restore() {
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  pickers.forEach((picker, place) => {
    const slug = kept.models?.[place];
    if ([...picker.options].some((option) => option.value === slug)) picker.value = slug;
  });
  if (kept.mode === "side_by_side" && whole()) modes.value = kept.mode;
}

function keep() {
  if (named() && !whole()) return;
  localStorage.setItem(KEPT, JSON.stringify({ mode: modes.value, models: pickers.map((picker) => picker.value) }));
}

// What is missing or wrong is found by the browser before it sends anything, and it leads there.
function check() {
  const [a, b] = pickers.map((picker) => picker.value);
  pickers.forEach((picker, place) => {
    picker.required = named();
    const taken = place ? a : b;
    for (const option of picker.options) option.disabled = option.value !== "" && option.value === taken;
  });
  // Picked before this script was there to prevent it.
  pickers[1].setCustomValidity(named() && a && a === b ? group.dataset.same : "");
}

// After an error the form stands as it was sent.
if (!form.querySelector("[role=alert]")) restore();
check();
form.addEventListener("change", (event) => {
  if (event.target.name === "prompt") return;
  check();
  keep();
});
