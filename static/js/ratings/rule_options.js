// Elo and style control exclude each other: what one of them makes impossible says so.
export function exclude(form) {
  const [styled, elo] = ["style_control", "method"].map((name) => form.elements[name]?.querySelector("[data-possible]"));
  if (!styled || !elo) return;
  const settle = (option, other) => {
    option.disabled = other.selected && !option.selected;
    option.textContent = other.selected ? option.dataset.impossible : option.dataset.possible;
  };
  form.addEventListener("change", () => { settle(styled, elo); settle(elo, styled); });
}
