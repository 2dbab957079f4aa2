// Elo and style control cannot be combined. Selecting one of them disables the other and changes its label.
export function linkExclusiveOptions(form) {
  const [styled, elo] = ["style_control", "method"].map((name) => form.elements[name]?.querySelector("[data-possible]"));
  if (!styled || !elo) return;
  const update = (option, other) => {
    option.disabled = other.selected && !option.selected;
    option.textContent = other.selected ? option.dataset.impossible : option.dataset.possible;
  };
  form.addEventListener("change", () => { update(styled, elo); update(elo, styled); });
}
