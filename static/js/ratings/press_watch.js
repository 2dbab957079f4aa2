// Watches whether the pointer is pressed in an element. `onRelease` is called after the click.
export function watchPress(element, onRelease) {
  let isPressed = false;
  // Other buttons open a context menu, which can hide the release.
  element.addEventListener("pointerdown", ({ button }) => { isPressed = button === 0; });
  for (const type of ["pointerup", "pointercancel"]) {
    addEventListener(type, () => setTimeout(() => {
      isPressed = false;
      onRelease();
    }));
  }
  return () => isPressed;
}
