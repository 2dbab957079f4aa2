// Watches whether the pointer is pressed in an element. `onRelease` is called after the click.
export function watchPress(element, onRelease) {
  let isPressed = false;
  // Other buttons and the list of a select open a native menu, which can hide the release.
  element.addEventListener("pointerdown", ({ button, target }) => { isPressed = button === 0 && !target.closest("select"); });
  // A click with Ctrl on macOS opens a context menu too.
  for (const type of ["pointerup", "pointercancel", "contextmenu"]) {
    addEventListener(type, () => setTimeout(() => {
      isPressed = false;
      onRelease();
    }));
  }
  return () => isPressed;
}
