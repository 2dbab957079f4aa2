// The choice of mode and models. Side-by-side battles need two different models. The browser stores a complete choice,
// and restores it if its models are still available.
const STORAGE_KEY = "mode";
const form = document.getElementById("ask");
const modes = form.elements.namedItem("mode");
const group = form.querySelector(".pickers");
const pickers = [...group.querySelectorAll("select")];
const isSideBySide = () => modes.value === "side_by_side";
const isComplete = () => pickers.every((picker) => picker.value);

function restoreChoice() {
  const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
  pickers.forEach((picker, index) => {
    const slug = stored.models?.[index];
    if ([...picker.options].some((option) => option.value === slug)) picker.value = slug;
  });
  if (stored.mode === "side_by_side" && isComplete()) modes.value = stored.mode;
}

function storeChoice() {
  if (isSideBySide() && !isComplete()) return;
  const models = pickers.map((picker) => picker.value);
  localStorage.setItem(STORAGE_KEY, JSON.stringify({ mode: modes.value, models }));
}

// Makes the browser report missing or equal models before it sends the form.
function validate() {
  const [a, b] = pickers.map((picker) => picker.value);
  pickers.forEach((picker, index) => {
    picker.required = isSideBySide();
    const otherSlug = index ? a : b;
    for (const option of picker.options) option.disabled = option.value !== "" && option.value === otherSlug;
  });
  // The same model may have been picked twice before this script ran.
  pickers[1].setCustomValidity(isSideBySide() && a && a === b ? group.dataset.same : "");
}

// After an error, the form keeps the choice that was sent.
if (!form.querySelector("[role=alert]")) restoreChoice();
validate();
form.addEventListener("change", (event) => {
  if (event.target.name === "prompt") return;
  validate();
  storeChoice();
});
