// Whoever deletes everything means what this browser remembers too: the draft and the choices.
document.getElementById("delete-all").addEventListener("submit", () => {
  localStorage.clear();
  sessionStorage.clear();
});
